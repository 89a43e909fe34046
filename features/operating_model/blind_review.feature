Feature: A blind second look
  Whoever knows what a colleague chose leans towards it. Where the decision type says so, the second
  person looks afresh, and learns what the first one chose once they have chosen themselves.

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

  Rule: The second person does not know what the first one chose

    Example: Sam is about to look
      Given whoever looks second looks blind
      And the amount is 600
      And the assistant has recommended refund
      When Rae claims it
      And Rae overrides it with replace, because the parcel was lost
      Then a second person must look
      And Sam is not told what was chosen

    Example: Rae knows what she chose
      Given whoever looks second looks blind
      And the amount is 600
      And the assistant has recommended refund
      When Rae claims it
      And Rae overrides it with replace, because the parcel was lost
      Then Rae is told what was chosen

    Example: Omar will never be the second
      Given whoever looks second looks blind
      And the amount is 600
      And the assistant has recommended refund
      And Rae has claimed and upheld it
      When Sam claims it
      Then Omar Haddad is told what was chosen

    Example: Where nobody asked for it, Sam may know
      Given the amount is 600
      And the assistant has recommended refund
      And Rae has claimed and upheld it
      When Sam claims it
      Then Sam is told what was chosen

  Rule: Once both have chosen, nothing is withheld

    Example: They agree
      Given whoever looks second looks blind
      And the amount is 600
      And the assistant has recommended refund
      And Rae has claimed and upheld it
      And Sam has claimed it
      When Sam upholds it
      Then refund may be carried out
      And Sam is told what was chosen

    Example: They differ, and Omar settles it
      Given whoever looks second looks blind
      And the amount is 600
      And the assistant has recommended refund
      And Rae has claimed and upheld it
      And Sam has claimed it
      When Sam overrides it with replace, because the parcel was lost
      Then the decision is escalated
      And Omar Haddad answers for it as escalation owner
      And Sam is told what was chosen
