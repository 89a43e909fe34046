Feature: People hear where they work
  Nobody watches a queue all day. What waits for people, is late or has stopped is said where they
  are, in a channel or in the mail. It is a view with a link, never the record.

  Decision owner: Carla Nunes, head of customer care

  Background:
    Given the decision type Refund
    And a refund, of which we know
      | confidence  | 0.95     |
      | risk        | 0.10     |
      | amount      | 80       |
      | tier        | standard |
      | fraud score | 0.05     |
      | topics      | delivery |
    And Rae is a reviewer

  Rule: What waits for a person is said once

    Example: A refund waits for review
      Given the refunds room wants to hear of waiting decisions
      When the assistant recommends refund
      Then the refunds room has heard that "a decision waits for review in refunds"
      And the refunds room has heard 1 things

    Example: What goes by itself is nobody's news
      Given the refunds room wants to hear of waiting decisions
      And the amount is 20
      When the assistant recommends refund
      Then the refunds room has heard 0 things

    Example: A deadline that nobody met
      Given the leads room wants to hear of missed deadlines
      And the assistant has recommended refund
      When 4 hours pass
      Then the leads room has heard that "a decision was not made by"

    Example: Somebody objects after the end
      Given the leads room wants to hear of exceptions
      And the amount is 20
      And the assistant has recommended refund
      And the assistant has reported the action delivered
      When Carla Nunes contests it, because the customer never asked
      Then the leads room has heard that "CONTESTED was raised over a decision"

    Example: Automation was halted
      Given the leads room wants to hear of halts
      When Carla Nunes pulls the kill switch
      Then the leads room has heard that "automation was halted by carla.nunes"

  Rule: What is over is not said

    Example: Rae was faster than the message
      Given the refunds room wants to hear of waiting decisions
      And the refunds room can't be reached
      And the assistant has recommended refund
      And Rae has claimed and upheld it
      When the refunds room can be reached again
      And 5 minutes pass
      Then the refunds room has heard 0 things

    Example: It still waits when people can be reached again
      Given the refunds room wants to hear of waiting decisions
      And the refunds room can't be reached
      And the assistant has recommended refund
      When the refunds room can be reached again
      And 5 minutes pass
      Then the refunds room has heard 1 things
