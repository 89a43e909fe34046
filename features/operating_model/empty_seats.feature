Feature: A seat is empty when somebody is needed
  People leave. Until somebody follows them, what would be theirs is not quietly done without
  them: it is escalated, it says that a seat was empty, and the fallback owner can decide.

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
    And Rae and Sam are reviewers

  Rule: Nothing is automated or reviewed in the name of nobody

    Example: Carla has left, and a small refund comes in
      Given Carla Nunes has left the seat of decision owner
      When the assistant recommends refund
      Then the decision is escalated
      And the exception OWNER_VACANT is raised
      And it says why: "the seat of decision owner is empty"
      And Omar Haddad answers for it as escalation owner
      And nothing may be carried out

    Example: Carla has left, and a large refund comes in
      Given Carla Nunes has left the seat of decision owner
      And the amount is 80
      When the assistant recommends refund
      Then the decision is escalated
      And the exception OWNER_VACANT is raised

    Example: Nadia has followed her
      Given Carla Nunes has left the seat of decision owner
      And Lucia Moretti has given Nadia Petit the seat of decision owner
      When the assistant recommends refund
      Then the decision is automated
      And no exception is raised

    Example: It can be explained afterwards
      Given Carla Nunes has left the seat of decision owner
      And the assistant has recommended refund
      When Lucia Moretti gives Nadia Petit the seat of decision owner
      Then replaying it gives the same answer

  Rule: Where the escalation owner's seat is empty, that is said, and the fallback owner decides

    Example: Lucia decides on a doubtful refund
      Given Omar Haddad has left the seat of escalation owner
      And confidence is 0.40
      And the assistant has recommended refund
      And Lucia Moretti has claimed it
      When Lucia Moretti upholds it
      Then refund may be carried out
      And that is on a person's authority
      And the exception OWNER_VACANT is raised

    Example: A review comes too late, and nobody is above
      Given the amount is 80
      And the assistant has recommended refund
      And Omar Haddad has left the seat of escalation owner
      When 4 hours pass
      Then the decision is escalated
      And the exception REVIEW_TIMEOUT is raised
      And the exception OWNER_VACANT is raised
      And Lucia Moretti answers for it as escalation owner

    Example: Rae passes it on to nobody
      Given the amount is 80
      And the assistant has recommended refund
      And Omar Haddad has left the seat of escalation owner
      And Rae has claimed it
      When Rae refers it, because the customer threatens to sue
      Then the decision is escalated
      And the exception OWNER_VACANT is raised

    Example: Two people differ, and nobody is there to settle it
      Given the amount is 600
      And the assistant has recommended refund
      And Omar Haddad has left the seat of escalation owner
      And Rae has claimed and upheld it
      And Sam has claimed it
      When Sam overrides it with replace, because the parcel was lost
      Then the decision is escalated
      And the exception OWNER_VACANT is raised

    Example: Lucia settles a conflict
      Given the amount is 80
      And the assistant has recommended refund
      And another assistant has recommended replace
      And Omar Haddad has left the seat of escalation owner
      When Lucia Moretti lets the recommendation of another assistant go on
      Then the recommendation of another assistant is automated

  Rule: Nobody stands in for somebody who is there

    Example: Omar has not left
      Given confidence is 0.40
      And the assistant has recommended refund
      When Lucia Moretti claims it
      Then it is refused: "The identity holds no seat that carries the authority for this."
