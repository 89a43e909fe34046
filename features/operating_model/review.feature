Feature: A person's choice, with a name and a reason
  What policy does not allow by itself waits for a person. One person at a time looks at
  it, and whatever they choose stands in the record under their name.

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
    And the amount is 80
    And the assistant has recommended refund

  Rule: To uphold is to let the recommended action happen

    Example: Rae agrees
      Given Rae has claimed it
      When Rae upholds it
      Then refund may be carried out
      And that is on a person's authority

    Example: Nothing happens before that
      When Rae claims it
      Then nothing may be carried out

  Rule: To override is to choose another permitted action, and to say why

    Example: Rae sends a new one instead
      Given Rae has claimed it
      When Rae overrides it with replace, because the parcel was lost
      Then replace may be carried out

    Example: Not without a reason
      Given Rae has claimed it
      When Rae overrides it with replace without a reason
      Then it is refused: "Each disposition needs its own particulars."
      And only the attempt is recorded

    Example: Not with what was recommended: that is to uphold
      Given Rae has claimed it
      When Rae overrides it with refund, because I agree
      Then it is refused: "Each disposition needs its own particulars."

    Example: Not with an action nobody permitted
      Given Rae has claimed it
      When Rae overrides it with send_flowers, because it is her birthday
      Then it is refused: "Only an action that the decision type permits can be chosen."

  Rule: To modify is to agree with the action and change its particulars

    Example: One item was kept
      Given Rae has claimed it
      When Rae modifies it so that amount is 40
      Then refund may be carried out
      And its amount is 40

  Rule: To return is to send it back; nothing is done

    Example: The assistant looked at the wrong order
      Given Rae has claimed it
      When Rae returns it, because this is about another order
      Then nothing may be carried out
      And the decision is completed

  Rule: To refer is to ask the escalation owner

    Example: Rae is not sure she may
      Given Rae has claimed it
      When Rae refers it, because the customer is a journalist
      Then the decision is escalated
      And Omar Haddad answers for it as escalation owner

  Rule: One person at a time decides

    Example: Sam can't claim what Rae holds
      Given Rae has claimed it
      When Sam claims it
      Then it is refused: "One person at a time decides: someone else holds the lease."
      And the refusal says: "rae holds it until"

    Example: Sam can once Rae has released it
      Given Rae has claimed it
      When Rae releases it
      And Sam claims it
      And Sam upholds it
      Then refund may be carried out

    Example: Nobody decides without claiming first
      When Rae upholds it
      Then it is refused: "A disposition needs a live lease of one's own."

  Rule: A claim lasts as long as was said, and not a second longer

    Example: A second before the end Rae still decides
      When Rae claims it for 10 minutes
      And 599 seconds pass
      And Rae upholds it
      Then refund may be carried out

    Example: At the end it is anybody's again
      When Rae claims it for 10 minutes
      And 10 minutes pass
      And Rae upholds it
      Then it is refused: "A disposition needs a live lease of one's own."

    Example: Sam may take it then
      When Rae claims it for 10 minutes
      And 10 minutes pass
      And Sam claims it
      And Sam upholds it
      Then refund may be carried out

  Rule: Reviewing takes a reviewer, and a person

    Example: Somebody who is no reviewer
      Given Tom is nobody in particular
      When Tom claims it
      Then it is refused: "The identity holds no seat that carries the authority for this."

    Example: Even the risk owner is no reviewer
      When Ingrid Dahl claims it
      Then it is refused: "The seat does not carry the authority for this."

  Rule: What is decided is decided

    Example: Sam comes too late
      Given Rae has claimed and upheld it
      When Sam claims it
      Then it is refused: "Only a decision that waits for a person can be claimed or disposed of."
      And refund may be carried out
