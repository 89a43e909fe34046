Feature: Automation stops by itself when the evidence turns
  A share of what was automated is checked by people. When the wrong ones among it come
  more often than they may, nobody has to notice: from that very label on, people decide.

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
    And Quinn is a quality reviewer

  Rule: Too many wrong ones, and nothing is automated any more

    Example: One after another turns out wrong
      Given Quinn has overturned 8 of what the assistant did
      When the assistant recommends refund
      Then the circuit breaker is open
      And the decision is reviewed
      And the reason AUTOMATION_HALTED is given
      And it says why: "the circuit breaker is open"
      And nothing may be carried out

    Example: A few stop nothing yet
      Given Quinn has overturned 3 of what the assistant did
      When the assistant recommends refund
      Then the circuit breaker is closed
      And the decision is automated

    Example: What is wrong now and then is within the limit
      Given Quinn has confirmed 40 of what the assistant did
      And Quinn has overturned 2 of what the assistant did
      When the assistant recommends refund
      Then the circuit breaker is closed
      And the decision is automated

  Rule: A warning comes first, and has more of it checked

    Example: Six in a row
      Given Quinn has overturned 6 of what the assistant did
      Then the circuit breaker has warned
      And the circuit breaker is closed

  Rule: The risk owner lets it begin again, on trial: all of it is checked

    Example: Ingrid lets it begin again
      Given Quinn has overturned 8 of what the assistant did
      And Ingrid Dahl has let automation begin again
      And the assistant has recommended refund until the lot falls on one
      Then the circuit breaker is half open
      And the decision is automated
      And it is drawn for a quality check

    Example: Carla can't
      Given Quinn has overturned 8 of what the assistant did
      When Carla Nunes lets automation begin again
      Then it is refused: "Only the seats named may do this."

    Example: The trial goes well
      Given Quinn has overturned 8 of what the assistant did
      And Ingrid Dahl has let automation begin again
      And Quinn has confirmed 50 of what the assistant did
      Then the circuit breaker is closed

    Example: The trial does not go well
      Given Quinn has overturned 8 of what the assistant did
      And Ingrid Dahl has let automation begin again
      And Quinn has overturned 14 of what the assistant did
      Then the circuit breaker is open
