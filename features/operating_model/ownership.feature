Feature: Somebody answers for every decision
  Four people own each kind of decision. Whatever happens to a decision, one of them
  answers for it; where a seat is empty, the fallback owner does.

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

  Rule: A review belongs to the decision owner, an escalation to the escalation owner

    Example: A large refund is Carla's
      Given the amount is 80
      When the assistant recommends refund
      Then the decision is reviewed
      And Carla Nunes answers for it as decision owner
      And it waits in the queue refunds
      And it is due in 4 hours

    Example: A doubtful refund is Omar's
      Given confidence is 0.40
      When the assistant recommends refund
      Then the decision is escalated
      And Omar Haddad answers for it as escalation owner
      And it waits in the queue refund-leads
      And it is due in 1 hour

    Example: What was done automatically has an owner, too
      When the assistant recommends refund
      Then the decision is automated
      And Carla Nunes answers for it as decision owner

  Rule: Where a seat is empty, the fallback owner answers

    Example: Omar has left and nobody has followed him
      Given Omar Haddad has left the seat of escalation owner
      And confidence is 0.40
      When the assistant recommends refund
      Then the decision is escalated
      And Lucia Moretti answers for it as escalation owner

    Example: He leaves while it waits for a review that comes too late
      Given the amount is 80
      And the assistant has recommended refund
      When Omar Haddad leaves the seat of escalation owner
      And 4 hours pass
      Then the decision is escalated
      And Lucia Moretti answers for it as escalation owner

    Example: His successor answers from the first day
      Given Omar Haddad has left the seat of escalation owner
      And Lucia Moretti has given Nadia Petit the seat of escalation owner
      And confidence is 0.40
      When the assistant recommends refund
      Then Nadia Petit answers for it as escalation owner

  Rule: Who wants the business result is not who signs the risk

    Example: Carla can't become risk owner as well
      When Carla Nunes gives Carla Nunes the seat of risk owner
      Then it is refused: "The decision owner and the risk owner must be two people."
      And nothing is recorded

    Example: Ingrid can't become decision owner as well
      When Ingrid Dahl gives Ingrid Dahl the seat of decision owner
      Then it is refused: "The decision owner and the risk owner must be two people."

    Example: Any other two seats may be one person's
      When Carla Nunes gives Carla Nunes the seat of escalation owner
      And the assistant recommends refund
      Then the decision is automated

  Rule: Seats are given by those who own the decision type, and by nobody else

    Example: A reviewer can't make herself risk owner
      Given Rae is a reviewer
      When Rae gives Rae the seat of risk owner
      Then it is refused: "Only the seats named may do this."
      And nothing is recorded

    Example: Where all have left, the fallback owner gives the seats
      Given Carla Nunes has left the seat of decision owner
      And Ben Okoye has left the seat of AI product owner
      And Ingrid Dahl has left the seat of risk owner
      And Omar Haddad has left the seat of escalation owner
      And Lucia Moretti has given Nadia Petit the seat of decision owner
      When the assistant recommends refund
      Then Nadia Petit answers for it as decision owner
