Feature: What became of an action, and how it is undone
  An authorised action is not yet a done one. Whoever carries it out reports back, and
  what was done by mistake is undone by another action, never by changing the record.

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
    And the assistant has recommended refund

  Rule: A decision is complete when its action was delivered

    Example: The money went out
      When the assistant reports the action delivered
      Then the decision is completed

    Example: The same receipt twice
      Given the assistant has reported the action delivered
      When the assistant reports the action delivered
      Then nothing is recorded

    Example: Only who carries it out reports
      When another assistant reports the action delivered
      Then it is refused: "Only the producer of a recommendation may do this."

  Rule: An action that failed is a person's concern

    Example: The bank refused
      When the assistant reports the action failed
      Then the exception ACTION_FAILED is raised
      And it waits in the queue refund-exceptions

  Rule: Where nobody knows, nothing is sent again before somebody has found out

    Example: The line broke
      When the assistant reports the action unknown
      Then the exception ACTION_UNKNOWN is raised

    Example: Carla finds out that it was done
      Given the assistant has reported the action unknown
      When Carla Nunes finds out that the action was delivered
      Then the decision is completed

    Example: Not knowing is no finding
      Given the assistant has reported the action unknown
      When Carla Nunes finds out that the action was unknown
      Then it is refused: "What became of the action is unknown; it must be reconciled before anything else."

  Rule: A receipt that does not come in time is an exception too

    Example: Nobody said anything
      When 24 hours pass
      Then the exception ACTION_UNKNOWN is raised
      And it waits in the queue refund-exceptions

    Example: It comes late, and settles it
      When 24 hours pass
      And the assistant reports the action delivered
      Then the decision is completed

  Rule: What was delivered can be undone by the decision owner or the escalation owner

    Scenario Outline: <owner> takes the refund back
      Given the assistant has reported the action delivered
      And <owner> has reversed it
      When the assistant reports the action delivered
      Then the decision is reversed

      Examples:
        | owner       |
        | Carla Nunes |
        | Omar Haddad |

    Example: The risk owner can't
      Given the assistant has reported the action delivered
      When Ingrid Dahl reverses it
      Then it is refused: "Only the seats named may do this."

    Example: What was not delivered can't be undone
      When Carla Nunes reverses it
      Then it is refused: "Only a delivered action that can be undone can be reversed."

    Example: The reversal itself can fail
      Given the assistant has reported the action delivered
      And Carla Nunes has reversed it
      When the assistant reports the action failed
      Then the exception REVERSAL_FAILED is raised
      And the decision is completed
      And the exception REVERSAL_FAILED waits in the queue refund-exceptions

    Example: It is tried again, and works
      Given the assistant has reported the action delivered
      And Carla Nunes has reversed it
      And the assistant has reported the action failed
      When Carla Nunes reverses it
      And the assistant reports the action delivered
      Then the decision is reversed
      And no exception waits
