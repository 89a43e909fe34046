Feature: An allowed action leaves, and happens once
  Where another system carries the actions out, the service tells it what is allowed, again and
  again until there is an answer. What may have been done already is never sent a second time.

  Decision owner: Carla Nunes, head of customer care

  Background:
    Given the decision type Refund, whose actions are sent to another system
    And a refund, of which we know
      | confidence  | 0.95     |
      | risk        | 0.10     |
      | amount      | 20       |
      | tier        | standard |
      | fraud score | 0.05     |
      | topics      | delivery |
    And the assistant has recommended refund

  Rule: A message says whom it is from, and which one it is

    Example: The other system looks
      When it is sent, and the receiver does it
      Then the receiver can tell whom each message is from
      And the decision is completed
      And it is not sent again

    Example: It comes three times
      Given it was sent, and the receiver is busy
      And it was sent, and the receiver breaks down
      When it is sent, and the receiver does it
      Then the receiver can tell that each is the same message
      And the receiver can tell whom each message is from
      And the decision is completed

  Rule: What was not done is sent again

    Scenario Outline: The receiver <answers>
      When it is sent, and the receiver <answers>
      Then it is sent again later
      And no exception is raised

      Examples:
        | answers     |
        | is busy     |
        | breaks down |

    Example: Not to one that is gone for good
      When it is sent, and the receiver is gone for good
      Then it is not sent again
      And the exception ACTION_FAILED is raised

  Rule: What may have been done is not sent again before somebody has found out

    Scenario Outline: The receiver <answers>
      When it is sent, and the receiver <answers>
      Then the exception ACTION_UNKNOWN is raised
      And it is not sent again

      Examples:
        | answers      |
        | says nothing |
        | hangs up     |

    Example: Carla finds out that the money has arrived
      Given it was sent, and the receiver hangs up
      When Carla Nunes finds out that the action was delivered
      Then the decision is completed

  Rule: Nobody else says that it was done

    Example: The assistant only recommends
      When the assistant reports the action delivered
      Then it is refused: "This service carries the action out, and records by itself what became of it."
