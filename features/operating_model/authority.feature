Feature: Who may do what is written down
  A seat is held on one kind of decision. An owner's seat is held by whom the decision type names,
  whatever a key says. Auditors read; administrators run the installation; neither decides.

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

  Rule: Auditors read and change nothing

    Example: An auditor doesn't take on a review
      Given Audrey is an auditor
      And the assistant has recommended refund
      When Audrey claims it
      Then it is refused: "The identity holds no seat that carries the authority for this."

    Example: An auditor doesn't judge quality
      Given Audrey is an auditor
      And the amount is 20
      And the assistant has recommended refund
      When Audrey confirms it in the quality check
      Then it is refused: "The identity holds no seat that carries the authority for this."

  Rule: An administrator has no business authority

    Example: An administrator doesn't take on a review
      Given Adam is an administrator
      And the assistant has recommended refund
      When Adam claims it
      Then it is refused: "The identity holds no seat that carries the authority for this."

    Example: An administrator doesn't decide what was escalated
      Given Adam is an administrator
      And confidence is 0.40
      And the assistant has recommended refund
      When Adam claims it
      Then it is refused: "The identity holds no seat that carries the authority for this."

  Rule: A seat of an owner is held by whom the decision type names

    Example: A key alone makes nobody escalation owner
      Given Mona has an owner's key of escalation owner
      And confidence is 0.40
      And the assistant has recommended refund
      When Mona claims it
      Then it is refused: "The seat does not carry the authority for this."

    Example: Who has handed over the seat decides no more
      Given Omar Haddad has given Nadia Petit the seat of escalation owner
      And confidence is 0.40
      And the assistant has recommended refund
      When Omar Haddad claims it
      Then it is refused: "The seat does not carry the authority for this."

    Example: Who has taken it over does
      Given Omar Haddad has given Nadia Petit the seat of escalation owner
      And confidence is 0.40
      And the assistant has recommended refund
      When Nadia Petit claims it
      Then the decision is escalated
      And Nadia Petit answers for it as escalation owner

    Example: A key alone pulls no kill switch
      Given Mona has an owner's key of risk owner
      When Mona pulls the kill switch
      Then it is refused: "Only the seats named may do this."
