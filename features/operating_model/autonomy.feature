Feature: Automation is earned
  A new kind of decision starts with people deciding everything. The stage it stands at
  can only make the outcome more careful than its policy would.

  Decision owner: Carla Nunes, head of customer care

  Rule: Below the stage full, a person decides what policy would have automated

    Scenario Outline: At stage <stage> a clear case is <lane>
      Given the decision type Refund at stage <stage>
      And a refund, of which we know
        | confidence  | 0.95     |
        | risk        | 0.10     |
        | amount      | 20       |
        | tier        | standard |
        | fraud score | 0.05     |
        | topics      | delivery |
      When the assistant recommends refund
      Then the decision is <lane>

      Examples:
        | stage   | lane      |
        | observe | reviewed  |
        | assist  | reviewed  |
        | full    | automated |

  Rule: What was earned is lost when the evidence turns, one stage at a time

    Scenario Outline: At stage <stage>
      Given the decision type Refund at stage <stage>
      And a refund, of which we know
        | confidence  | 0.95     |
        | risk        | 0.10     |
        | amount      | 20       |
        | tier        | standard |
        | fraud score | 0.05     |
        | topics      | delivery |
      And Quinn is a quality reviewer
      And Quinn has overturned 8 of what the assistant did
      Then the circuit breaker is open
      And the stage is <back>

      Examples:
        | stage | back    |
        | full  | partial |

  Rule: Going further again waits until the circuit breaker is closed

    Example: Carla asks too soon
      Given the decision type Refund
      And a refund, of which we know
        | confidence  | 0.95     |
        | risk        | 0.10     |
        | amount      | 20       |
        | tier        | standard |
        | fraud score | 0.05     |
        | topics      | delivery |
      And Quinn is a quality reviewer
      And Quinn has overturned 8 of what the assistant did
      When Carla Nunes proposes the stage full
      Then it is refused: "The decision type is not in a state that allows this."

  Rule: Going further takes evidence, and two owners

    Example: Nobody knows yet how often the assistant is right
      Given the decision type Refund at stage assist
      When Carla Nunes proposes the stage full
      Then it is refused: "Going further takes evidence: labels that certify the model, and service levels held."

  Rule: Going back takes two owners and no evidence

    Example: One owner asks, another agrees
      Given the decision type Refund at stage full
      And Carla Nunes has proposed the stage assist
      When Ingrid Dahl proposes the stage assist
      Then the stage is assist

    Example: One owner alone changes nothing
      Given the decision type Refund at stage full
      And Carla Nunes has proposed the stage assist
      When Carla Nunes proposes the stage assist
      Then the stage is full
