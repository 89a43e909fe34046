Feature: Who may review is written down
  A decision type may name the people who review it. Then nobody else does, and a recommendation
  never waits for people who are not there.

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
    And only Rae and Sam may review

  Rule: Where reviewers are named, nobody else reviews

    Example: Tess is a reviewer of other things
      Given Tess is a reviewer
      And the amount is 80
      And the assistant has recommended refund
      When Tess claims it
      Then it is refused: "Where the decision type names who may review, nobody else may."
      And the refusal says: "tess is not on the roster of refund: rae, sam"

    Example: Rae is named
      Given the amount is 80
      And the assistant has recommended refund
      And Rae has claimed it
      When Rae upholds it
      Then refund may be carried out

  Rule: What nobody may review is escalated at once

    Example: All of them have gone
      Given nobody may review
      And the amount is 80
      When the assistant recommends refund
      Then the decision is escalated
      And the exception NO_ELIGIBLE_REVIEWER is raised
      And it says why: "1 person of the roster must review it, and nobody remains"
      And Omar Haddad answers for it as escalation owner
      And replaying it gives the same answer

    Example: Two must agree, and one is left
      Given only Rae may review
      And the amount is 600
      When the assistant recommends refund
      Then the decision is escalated
      And the exception NO_ELIGIBLE_REVIEWER is raised
      And it says why: "2 people of the roster must review it, and only rae remains"

    Example: One is enough for what one may decide
      Given only Rae may review
      And the amount is 80
      When the assistant recommends refund
      Then the decision is reviewed
      And no exception is raised

    Example: What needs no reviewer goes on
      Given nobody may review
      When the assistant recommends refund
      Then the decision is automated

  Rule: A second pair of eyes that has gone is not waited for

    Example: Sam leaves before Rae has decided
      Given the amount is 600
      And the assistant has recommended refund
      And only Rae may review
      And Rae has claimed it
      When Rae upholds it
      Then the decision is escalated
      And the exception NO_ELIGIBLE_REVIEWER is raised
      And nothing may be carried out
