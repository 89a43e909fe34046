Feature: Other systems hear of what happens
  A data warehouse, a case system or an alarm must know what was decided without asking all
  the time. They are told of each event, in order, until they say that they have it.

  Decision owner: Carla Nunes, head of customer care

  Background:
    Given the decision type Refund without quality checks
    And a refund, of which we know
      | confidence  | 0.95     |
      | risk        | 0.10     |
      | amount      | 20       |
      | tier        | standard |
      | fraud score | 0.05     |
      | topics      | delivery |

  Rule: A subscriber is told of each event it asked for, once, in order

    Example: Everything about decisions, from now on
      Given Ben Okoye has subscribed the data team's system to decision.*
      When the assistant recommends refund
      Then the data team's system has heard of
        | decision.recommended       |
        | decision.auto_actioned     |
        | decision.action_authorised |

    Example: Only what went to people
      Given Ben Okoye has subscribed the data team's system to decision.routed_to_review
      And the amount is 80
      When the assistant recommends refund
      Then the data team's system has heard of
        | decision.routed_to_review |

    Example: Who asks for what there is not is told so
      When Ben Okoye subscribes the data team's system to decision.exploded
      Then it is refused: "A subscription names one receiver, and events that there are."

  Rule: What isn't confirmed is told again, and nothing after it before that

    Example: The system is down for a minute
      Given Ben Okoye has subscribed the data team's system to decision.*
      And the data team's system is down
      When the assistant recommends refund
      Then the data team's system has heard of nothing
      And the subscription of the data team's system is failing: "503 Service Unavailable"
      When the data team's system is up again
      And 1 minute passes
      Then the data team's system has heard of
        | decision.recommended       |
        | decision.auto_actioned     |
        | decision.action_authorised |

    Example: It goes down in between
      Given Ben Okoye has subscribed the data team's system to decision.recommended
      When the assistant recommends refund for order 1
      And the data team's system goes down
      And the assistant recommends refund for order 2
      Then the data team's system has heard of
        | decision.recommended |
      When the data team's system is up again
      And 1 minute passes
      Then the data team's system has heard of
        | decision.recommended |
        | decision.recommended |

    Example: It says that it is gone
      Given Ben Okoye has subscribed the data team's system to decision.recommended
      And the data team's system says that it is gone
      When the assistant recommends refund
      Then the subscription of the data team's system has stopped: "410 Gone"
      When Ben Okoye resumes the data team's system
      Then the data team's system has heard of
        | decision.recommended |

  Rule: A subscriber sees what its maker may see

    Example: Somebody without a seat
      Given Rae is nobody in particular
      When Rae subscribes the data team's system to decision.*
      Then it is refused: "The identity holds no seat that carries the authority for this."

  Rule: A secret is renewed without losing a message

    Example: For a day, either secret will do
      Given Ben Okoye has subscribed the data team's system to decision.recommended
      When Ben Okoye renews the secret of the data team's system
      And the assistant recommends refund
      Then the last message to the data team's system has 2 signatures
