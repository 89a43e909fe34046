Feature: Said twice is said once
  Networks repeat themselves. A customer is refunded once however often the assistant's
  message arrives.

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

  Rule: A repeated message gets the first answer and adds nothing

    Example: The message arrives twice
      When the assistant says the same again
      Then there is one decision
      And nothing is recorded
      And refund may be carried out

    Example: It arrives again after the money went out
      Given the assistant has reported the action delivered
      When the assistant says the same again
      Then there is one decision
      And nothing is recorded
      And the decision is completed

    Example: The kill switch was pulled in between
      Given Carla Nunes has pulled the kill switch
      When the assistant says the same again
      Then there is one decision
      And nothing is recorded

  Rule: The same message with other content is no repetition

    Example: Suddenly surer
      When the assistant says it again with confidence 0.99
      Then it is refused: "The same idempotency key with other content is another command."
      And nothing is recorded
      And there is one decision

  Rule: Two assistants may use the same name for different messages

    Example: Another customer, another assistant
      When another assistant recommends refund for the neighbour
      Then there are 2 decisions
