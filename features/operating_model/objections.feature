Feature: An objection is not forgotten
  Who is affected may object, and a quality check may disagree, when all is done. Then it waits
  where people find it, until what was done is undone or somebody says why it stays.

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
    And Rae is a reviewer
    And Quinn is a quality reviewer

  Rule: An objection waits for a person who had no say before

    Background:
      Given the assistant has recommended refund
      And the assistant has reported the action delivered

    Example: It waits
      When Carla Nunes contests it, because the customer never asked
      Then the exception CONTESTED waits in the queue refund-exceptions
      And the decision is completed

    Example: Rae finds that it was right
      Given Carla Nunes has contested it
      When Rae answers the exception CONTESTED, because the customer did ask by telephone
      Then no exception waits

    Example: Who objects does not answer
      Given Carla Nunes has contested it
      When Carla Nunes answers the exception CONTESTED, because it was a misunderstanding
      Then it is refused: "Someone not involved before must look."

    Example: The objection is right
      Given Carla Nunes has contested it
      And Carla Nunes has reversed it
      When the assistant reports the action delivered
      Then the decision is reversed
      And no exception waits

    Example: There is nothing to answer
      When Rae answers the exception CONTESTED, because all is well
      Then it is refused: "Only what was raised over a decision and still waits can be answered."
      And only the attempt is recorded

  Rule: What a quality check disagrees with waits for an owner

    Background:
      Given the assistant has recommended refund until the lot falls on one
      And the assistant has reported the action delivered

    Example: It waits until the risk owner says why it stays
      When Quinn overturns it in the quality check
      Then the exception QA_OVERTURNED waits in the queue refund-exceptions
      When Ingrid Dahl answers the exception QA_OVERTURNED, because it is too late to undo
      Then no exception waits

    Example: A reviewer does not
      When Quinn overturns it in the quality check
      And Rae answers the exception QA_OVERTURNED, because it looks right
      Then it is refused: "Only the seats named may do this."
