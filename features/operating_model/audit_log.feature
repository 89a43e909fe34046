Feature: A record that needs no trust
  An auditor takes the record away and checks it alone: against what was published earlier,
  with a script that can be read in ten minutes. Nobody has to believe the service, its
  operators or us. Events after the last published checkpoint are not protected yet, and how
  many those are is always said.

  Decision owner: Carla Nunes, head of customer care

  Background:
    Given the decision type Refund without quality checks
    And a refund, of which we know
      | confidence  | 0.95     |
      | risk        | 0.10     |
      | amount      | 20       |
      | tier        | standard |
      | fraud score | 0.05     |
      | topics      | delivery |
    And the assistant has recommended refund

  Rule: What was published can't be changed unnoticed

    Example: Nobody changed anything
      When a checkpoint of the record is published
      Then the auditor finds the record unchanged

    Example: One event reads otherwise than it did
      Given a checkpoint of the record was published
      When somebody changes what is stored of it
      Then the auditor finds where it was changed

    Example: A decision that somebody would rather not have made
      Given a checkpoint of the record was published
      When somebody removes it from the record
      Then the auditor finds where it was changed

    Example: Even a forged history with the right signature is found out
      Given a checkpoint of the record was published
      When somebody writes the record anew without it, and signs that
      Then the auditor finds that it is not the record that was published

  Rule: What came later is not protected yet, and that is said

    Example: Three events of a refund, and nobody signed for them
      Given a checkpoint of the record was published
      And another assistant has recommended refund
      Then 3 events are not yet protected
      And the auditor finds the record unchanged

    Example: A minute later somebody has
      Given another assistant has recommended refund
      When a checkpoint of the record is published
      Then 0 events are not yet protected
