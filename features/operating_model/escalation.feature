Feature: Escalation hands the choice to somebody with more authority
  What nobody below may decide, and what nobody decided in time, goes to the escalation
  owner. A deadline that passes never approves anything.

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

  Rule: A review that nobody decided in time is escalated

    Example: One second before the deadline it still waits
      Given the amount is 80
      And the assistant has recommended refund
      When 14399 seconds pass
      Then the decision is reviewed

    Example: At the deadline it goes to Omar
      Given the amount is 80
      And the assistant has recommended refund
      When 4 hours pass
      Then the decision is escalated
      And Omar Haddad answers for it as escalation owner
      And the exception REVIEW_TIMEOUT is raised
      And nothing may be carried out

  Rule: What the escalation owner does not decide in time falls to the fallback owner

    Example: Omar does not answer either
      Given the amount is 80
      And the assistant has recommended refund
      When 4 hours pass
      And 60 minutes pass
      Then the decision is escalated
      And Lucia Moretti answers for it as escalation owner
      And nothing may be carried out

  Rule: However long it waits, nothing is approved by waiting

    Example: A week later
      Given confidence is 0.40
      And the assistant has recommended refund
      When 7 days pass
      Then the decision is escalated
      And nothing may be carried out

  Rule: A deadline after the decision changes nothing

    Example: Rae was in time
      Given the amount is 80
      And the assistant has recommended refund
      And Rae has claimed and upheld it
      When 4 hours pass
      Then refund may be carried out
      And no exception is raised

  Rule: An escalation is the escalation owner's alone

    Example: Omar overrides
      Given confidence is 0.40
      And the assistant has recommended refund
      And Omar Haddad has claimed it
      When Omar Haddad overrides it with reply, because the order never existed
      Then reply may be carried out
      And that is on a person's authority

    Example: Omar closes it with no action
      Given confidence is 0.40
      And the assistant has recommended refund
      And Omar Haddad has claimed it
      When Omar Haddad returns it, because the order never existed
      Then the decision is completed
      And nothing may be carried out

    Example: A reviewer can't take it
      Given confidence is 0.40
      And the assistant has recommended refund
      When Rae claims it
      Then it is refused: "The seat does not carry the authority for this."

  Rule: A recommendation that came too late is of no use

    Example: It lapses while it waits
      Given the amount is 80
      And the recommendation lapses after 2 hours
      And the assistant has recommended refund
      When 2 hours pass
      Then the decision is expired
      And the exception EXPIRED is raised
      And nothing may be carried out

    Example: It does not lapse once somebody has decided
      Given the amount is 80
      And the recommendation lapses after 2 hours
      And the assistant has recommended refund
      And Rae has claimed and upheld it
      When 2 hours pass
      Then refund may be carried out
