Feature: A decision can be made again, years later, from the record alone
  An auditor asks whether the rules of the day really said what was done. The service
  evaluates the recorded case again and compares.

  Decision owner: Carla Nunes, head of customer care

  Background:
    Given the decision type Refund
    And a refund, of which we know
      | confidence  | 0.95     |
      | risk        | 0.10     |
      | amount      | 20       |
      | tier        | standard |
      | fraud score | 0.05     |
      | topics      | delivery |

  Rule: The recorded case under the recorded policy gives the recorded answer

    Scenario Outline: <amount> EUR at <confidence> confidence
      Given the amount is <amount>
      And confidence is <confidence>
      When the assistant recommends refund
      Then the decision is <lane>
      And replaying it gives the same answer

      Examples:
        | amount  | confidence | lane      |
        | 20      | 0.95       | automated |
        | 80      | 0.95       | reviewed  |
        | 20      | 0.40       | escalated |
        | unknown | 0.95       | held      |
        | 20      | unknown    | escalated |

  Rule: What happened since does not matter

    Example: The kill switch was pulled later
      Given the assistant has recommended refund
      When Carla Nunes pulls the kill switch
      Then replaying it gives the same answer

    Example: It was held, and the amount came later
      Given the amount is unknown
      And the assistant has recommended refund
      When the assistant supplies that the amount is 20
      Then replaying it gives the same answer

    Example: Two recommendations stood against each other
      Given the assistant has recommended close_account
      And another assistant has recommended reply
      When Omar Haddad lets the recommendation of another assistant go on
      Then replaying each of them gives the same answer
