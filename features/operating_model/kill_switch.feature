Feature: Automation can be stopped at once
  When something looks wrong, one owner is enough to stop it. To start it again takes
  the one who answers for the risk.

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

  Rule: From the moment an owner pulls the kill switch, nothing is automated

    Scenario Outline: <owner> pulls it
      Given <owner> has pulled the kill switch
      When the assistant recommends refund
      Then the decision is reviewed
      And the reason AUTOMATION_HALTED is given
      And it says why: "the kill switch of refund is on"
      And nothing may be carried out

      Examples: Each of the four may
        | owner       |
        | Carla Nunes |
        | Ben Okoye   |
        | Ingrid Dahl |
        | Omar Haddad |

    Example: What was escalated without it is still escalated
      Given Carla Nunes has pulled the kill switch
      And confidence is 0.40
      When the assistant recommends refund
      Then the decision is escalated
      And the reason LOW_CONFIDENCE is given
      And the reason AUTOMATION_HALTED is given

    Example: What was automated before stays as it was
      Given the assistant has recommended refund
      When Carla Nunes pulls the kill switch
      Then the decision is automated
      And refund may be carried out

  Rule: Only an owner pulls it

    Example: A reviewer can't
      Given Rae is a reviewer
      When Rae pulls the kill switch
      Then it is refused: "Only the seats named may do this."
      And nothing is recorded

  Rule: Only the risk owner lifts it

    Example: Ingrid lifts what Carla pulled
      Given Carla Nunes has pulled the kill switch
      When Ingrid Dahl lifts the kill switch
      And the assistant recommends refund
      Then the decision is automated
      And the reason is not AUTOMATION_HALTED

    Example: Carla can't lift it, though she pulled it
      Given Carla Nunes has pulled the kill switch
      When Carla Nunes lifts the kill switch
      Then it is refused: "Only the seats named may do this."

  Rule: Pulling it twice is pulling it once

    Example: Two owners see the same thing
      Given Carla Nunes has pulled the kill switch
      When Omar Haddad pulls the kill switch
      Then nothing is recorded

  Rule: One switch stops everything, one what a model recommends

    Example: Everything stops
      Given Olga is an owner of all decisions
      And Olga has stopped everything
      When the assistant recommends refund
      Then the decision is reviewed
      And the reason AUTOMATION_HALTED is given
      And it says why: "the kill switch of the whole organisation is on"

    Example: A model stops, whatever it is about
      Given Ben Okoye has stopped the model that the assistant uses
      When the assistant recommends refund
      Then the decision is reviewed
      And it says why: "the kill switch of the model the assistant's model is on"

    Example: Another model goes on
      Given Ben Okoye has stopped another model
      When the assistant recommends refund
      Then the decision is automated

    Example: The owner of one decision can't stop all others
      When Carla Nunes stops everything
      Then it is refused: "The identity holds no seat that carries the authority for this."

    Example: Only the organisation's risk owner lifts it
      Given Rhea is a risk owner of all decisions
      And Ben Okoye has stopped the model that the assistant uses
      When Rhea lets the model go on
      And the assistant recommends refund
      Then the decision is automated

    Example: Who pulled it can't lift it
      Given Ben Okoye has stopped the model that the assistant uses
      When Ben Okoye lets the model go on
      Then it is refused: "The identity holds no seat that carries the authority for this."
