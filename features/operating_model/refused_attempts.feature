Feature: Refused attempts are part of the history
  Who tried what, and was not allowed to, can be read later beside what happened. It changes nothing
  for those who went on meanwhile.

  Decision owner: Carla Nunes, head of customer care

  Background:
    Given the decision type Refund
    And a refund, of which we know
      | confidence  | 0.95     |
      | risk        | 0.15     |
      | amount      | 20       |
      | tier        | standard |
      | fraud score | 0.05     |
      | topics      | delivery |
    And Rae and Sam are reviewers

  Rule: What is refused stands where it was tried

    Example: Sam wanted what Rae had
      Given the amount is 80
      And the assistant has recommended refund
      And Rae has claimed it
      And Sam has tried to claim it and was refused
      When Rae upholds it
      Then refund may be carried out
      And the audit trail reads
        | the assistant    | recommended refund for the customer at 0.95 confidence and 0.15 risk |
        | policy version 1 | asked for review in refunds: … |
        | Rae              | took it on until 09:15:00 |
        | Sam              | was refused claim (REJ.lease_held) |
        | Rae              | agreed |
        | Rae              | authorised refund |

    Example: Rae was the first pair of eyes
      Given the amount is 600
      And the assistant has recommended refund
      And Rae has claimed and upheld it
      And Rae has tried to claim it and was refused
      When Sam claims it
      Then the audit trail reads
        | the assistant    | recommended refund for the customer at 0.95 confidence and 0.15 risk |
        | policy version 1 | asked for review in refunds: … |
        | Rae              | took it on until 09:15:00 |
        | Rae              | agreed |
        | Rae              | was refused claim (REJ.four_eyes) |
        | Sam              | took it on until 09:15:00 |

    Example: Too late
      Given the amount is 80
      And the assistant has recommended refund
      And Rae has claimed it
      When 20 minutes pass
      And Rae upholds it
      Then it is refused: "A disposition needs a live lease of one's own."
      And only the attempt is recorded

  Rule: Trying the same again and again is one attempt

    Example: Sam is impatient
      Given the amount is 80
      And the assistant has recommended refund
      And Rae has claimed it
      And Sam has tried to claim it and was refused
      When Sam claims it
      Then it is refused: "One person at a time decides: someone else holds the lease."
      And nothing is recorded
