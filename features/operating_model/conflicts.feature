Feature: Two recommendations on one subject
  Two assistants may see the same customer and want different things. Both wait until the
  escalation owner has chosen; everybody else's cases go on.

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
    And the amount is 80
    And the assistant has recommended refund

  Rule: What can't both be carried out waits for the escalation owner

    Example: One would refund, the other would send a new one
      When another assistant recommends replace
      Then the recommendation of the assistant is held
      And the recommendation of another assistant is held
      And the exception CONFLICT is raised
      And nothing may be carried out

    Example: What was already allowed stands, and the newcomer waits
      Given the amount is 20
      And the assistant has recommended refund
      When another assistant recommends replace
      Then the recommendation of the assistant is automated
      And the recommendation of another assistant is held
      And nothing may be carried out

    Example: Another customer's case goes on
      Given another assistant has recommended replace
      When another assistant recommends replace for the neighbour
      Then the decision is automated

  Rule: The one that is chosen is treated like any other recommendation

    Example: Omar prefers the new one, and policy allows it
      Given another assistant has recommended replace
      When Omar Haddad lets the recommendation of another assistant go on
      Then the recommendation of another assistant is automated
      And the recommendation of the assistant is superseded

    Example: Omar prefers the refund, and it is as large as it was
      Given another assistant has recommended replace
      When Omar Haddad lets the recommendation of the assistant go on
      Then the recommendation of the assistant is reviewed
      And the recommendation of another assistant is superseded

    Example: Omar wants neither
      Given another assistant has recommended replace
      When Omar Haddad lets none of them go on
      Then the recommendation of the assistant is expired
      And the recommendation of another assistant is expired

    Example: Carla can't choose
      Given another assistant has recommended replace
      When Carla Nunes lets none of them go on
      Then it is refused: "The identity holds no seat that carries the authority for this."

    Example: A conflict is settled once
      Given another assistant has recommended replace
      And Omar Haddad has let the recommendation of another assistant go on
      When Omar Haddad lets none of them go on
      Then it is refused: "A conflict is arbitrated once."

  Rule: A choice that nobody makes in time is escalated, and stays one choice

    Example: Two hours later
      Given another assistant has recommended replace
      When 2 hours pass
      Then the recommendation of the assistant is escalated
      And the recommendation of another assistant is escalated
      And nothing may be carried out

    Example: Not even Omar can decide one of them alone
      Given another assistant has recommended replace
      When 2 hours pass
      And Omar Haddad claims it
      Then it is refused: "What stands in a conflict is settled by its arbitration, and by nothing else."

    Example: Omar chooses after all
      Given another assistant has recommended replace
      When 2 hours pass
      And Omar Haddad lets the recommendation of another assistant go on
      Then the recommendation of another assistant is automated
      And the recommendation of the assistant is superseded

    Example: A third recommendation comes in
      Given another assistant has recommended replace
      When 2 hours pass
      And the chatbot recommends reply
      And Omar Haddad lets the recommendation of another assistant go on
      Then the recommendation of another assistant is automated
      And the recommendation of the assistant is superseded
      And the recommendation of the chatbot is superseded

  Rule: What is already allowed can't be overruled by allowing another

    Example: The refund is on its way
      Given the amount is 20
      And the assistant has recommended refund
      And another assistant has recommended replace
      When Omar Haddad lets the recommendation of another assistant go on
      Then it is refused: "Of what can't all be carried out, only one may be in force."

    Example: So it is the refund
      Given the amount is 20
      And the assistant has recommended refund
      And another assistant has recommended replace
      When Omar Haddad lets the recommendation of the assistant go on
      Then the recommendation of the assistant is automated
      And the recommendation of another assistant is superseded

  Rule: The same thing is not done twice, unless it does no harm

    Example: Both would refund
      When another assistant recommends refund
      Then the recommendation of the assistant is held
      And the recommendation of another assistant is held
      And the exception CONFLICT is raised

    Example: One refund is already allowed
      Given the amount is 20
      And the assistant has recommended refund
      When another assistant recommends refund
      Then the recommendation of the assistant is automated
      And the recommendation of another assistant is held

    Example: Both would reply
      Given the assistant has recommended reply
      When another assistant recommends reply
      Then the recommendation of the assistant is automated
      And the recommendation of another assistant is automated

  Rule: A producer's newer word replaces its older one

    Example: The assistant has looked again
      Given the amount is 20
      When the assistant recommends refund
      Then the decision is automated
      And there are 2 decisions

  Rule: A producer may take its own recommendation back, while nobody has acted on it

    Example: The assistant was wrong
      When the assistant withdraws it
      Then the decision is withdrawn

    Example: Not somebody else's
      When another assistant withdraws it
      Then it is refused: "Only the producer of a recommendation may do this."
