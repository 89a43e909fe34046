Feature: The audit trail reads as sentences
  Whoever asks later, a customer, an auditor or a judge, can read who did what and why,
  without knowing how the service is built.

  Decision owner: Carla Nunes, head of customer care

  Background:
    Given the decision type Refund without quality checks
    And a refund, of which we know
      | confidence  | 0.95     |
      | risk        | 0.15     |
      | amount      | 20       |
      | tier        | standard |
      | fraud score | 0.05     |
      | topics      | delivery |
    And Rae and Sam are reviewers

  Rule: Every step stands there, with who took it and why

    Example: A refund that was made at once
      Given the assistant has recommended refund
      When the assistant reports the action delivered
      Then the audit trail reads
        | the assistant    | recommended refund for the customer at 0.95 confidence and 0.15 risk |
        | policy version 1 | allowed it at once: … |
        | policy version 1 | authorised refund |
        | the assistant    | reported the action delivered |

    Example: A refund that Rae turned into a new parcel
      Given the amount is 80
      And the assistant has recommended refund
      And Rae has claimed it
      When Rae overrides it with replace, because the parcel was lost
      Then the audit trail reads
        | the assistant    | recommended refund for the customer at 0.95 confidence and 0.15 risk |
        | policy version 1 | asked for review in refunds: … |
        | Rae              | took it on until 09:15:00 |
        | Rae              | chose replace instead (OVR.BETTER_ACTION): the parcel was lost |
        | Rae              | authorised replace |

    Example: Nobody decided in time
      Given the amount is 80
      And the assistant has recommended refund
      When 4 hours pass
      Then the audit trail reads
        | the assistant    | recommended refund for the customer at 0.95 confidence and 0.15 risk |
        | policy version 1 | asked for review in refunds: … |
        | the clock        | found nobody had decided by 2026-01-05 13:00 |
        | the clock        | escalated it to omar.haddad: … |

  Rule: A reason names the number and what it was compared with

    Example: Too much
      Given the amount is 80
      When the assistant recommends refund
      Then it says why: "action is refund and amount 80 is above 50.00 and tier is standard, not gold"
