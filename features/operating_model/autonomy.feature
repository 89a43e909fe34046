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
