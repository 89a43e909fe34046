Feature: Four eyes
  Some decisions are too large for one person. Two people look, one after the other, and
  neither is the one who recommended.

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
    And the amount is 600
    And the assistant has recommended refund

  Rule: Two people must choose the same action before anything happens

    Example: After the first nothing happens yet
      Given Rae has claimed it
      When Rae upholds it
      Then a second person must look
      And nothing may be carried out

    Example: Both agree
      Given Rae has claimed and upheld it
      And Sam has claimed it
      When Sam upholds it
      Then refund may be carried out
      And that is on a person's authority

    Example: Both choose the same other action
      Given Rae has claimed and overridden it with replace
      And Sam has claimed it
      When Sam overrides it with replace, because the parcel was lost
      Then replace may be carried out

  Rule: Where they differ, the escalation owner settles it

    Example: Sam would rather send a new one
      Given Rae has claimed and upheld it
      And Sam has claimed it
      When Sam overrides it with replace, because the parcel was lost
      Then the decision is escalated
      And Omar Haddad answers for it as escalation owner
      And nothing may be carried out

    Example: Omar decides
      Given Rae has claimed and upheld it
      And Sam has claimed and overridden it with replace
      When Omar Haddad claims it
      And Omar Haddad upholds it
      Then refund may be carried out

  Rule: The second pair of eyes is somebody else's

    Example: Rae can't be both
      Given Rae has claimed and upheld it
      When Rae claims it
      Then it is refused: "The second pair of eyes belongs to another person."
      And nothing may be carried out
