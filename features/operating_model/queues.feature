Feature: Queues
  What a person must decide waits in a queue. Whoever has time takes the next one: the earliest due
  first, then the riskiest, and never one that is somebody else's to decide.

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

  Rule: The earliest due comes first, of those due together the riskiest

    Example: The older one
      Given the amount is 80
      And the assistant has recommended refund for the lamp
      And the assistant has recommended refund for the chair
      When Rae claims the next one in the queue refunds
      Then Rae has the one for the lamp

    Example: Due together, one is riskier
      Given the amount is 80
      And the assistant has recommended refund for the lamp
      And the risk is 0.15
      And the assistant has recommended refund for the chair
      When Rae claims the next one in the queue refunds
      Then Rae has the one for the chair

  Rule: Each goes to one person, until they give it back or let their time run out

    Example: Sam gets the next one
      Given the amount is 80
      And the assistant has recommended refund for the lamp
      And the assistant has recommended refund for the chair
      And Rae has claimed the next one in the queue refunds
      When Sam claims the next one in the queue refunds
      Then Sam has the one for the chair

    Example: Rae gives hers back
      Given the amount is 80
      And the assistant has recommended refund for the lamp
      And the assistant has recommended refund for the chair
      And Rae has claimed the next one in the queue refunds
      When Rae releases it
      And Sam claims the next one in the queue refunds
      Then Sam has the one for the lamp

    Example: Rae went home
      Given the amount is 80
      And the assistant has recommended refund for the lamp
      And Rae has claimed the next one in the queue refunds
      When 20 minutes pass
      And Sam claims the next one in the queue refunds
      Then Sam has the one for the lamp

  Rule: Nobody is given what they may not decide, and it hides nothing that they may

    Example: Rae was the first pair of eyes
      Given the amount is 600
      And the assistant has recommended refund for the sofa
      And Rae has claimed and upheld it
      And the amount is 80
      And the assistant has recommended refund for the lamp
      When Rae claims the next one in the queue refunds
      Then Rae has the one for the lamp

    Example: Sam may be the second
      Given the amount is 600
      And the assistant has recommended refund for the sofa
      And Rae has claimed and upheld it
      And the amount is 80
      And the assistant has recommended refund for the lamp
      When Sam claims the next one in the queue refunds
      Then Sam has the one for the sofa

    Example: Tess reviews other things
      Given Tess is nobody in particular
      And the amount is 80
      And the assistant has recommended refund for the lamp
      When Tess claims the next one in the queue refunds
      Then there is nothing for Tess in it

  Rule: What nobody may decide any more is escalated, not left lying

    Example: Sam left after Rae had looked
      Given only Rae and Sam may review
      And the amount is 600
      And the assistant has recommended refund
      And Rae has claimed and upheld it
      And only Rae may review
      When Rae claims the next one in the queue refunds
      Then there is nothing for Rae in it
      And the decision is escalated
      And the exception NO_ELIGIBLE_REVIEWER is raised
      And Omar Haddad answers for it as escalation owner

    Example: Rae tries it all the same
      Given only Rae and Sam may review
      And the amount is 600
      And the assistant has recommended refund
      And Rae has claimed and upheld it
      And only Rae may review
      When Rae claims it
      Then it is refused: "The second pair of eyes belongs to another person."
      And the decision is escalated
      And the exception NO_ELIGIBLE_REVIEWER is raised
