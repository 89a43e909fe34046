Feature: Deadlines are kept, and a timeout never approves
  Whatever waits for a person has a deadline in that person's working hours. Before it passes
  they are warned; when it passes, somebody with more authority is asked, up to the last. Time
  alone allows nothing, however much of it goes by.

  Decision owner: Carla Nunes, head of customer care

  Background:
    Given the decision type Refund
    And a refund, of which we know
      | confidence  | 0.95     |
      | risk        | 0.15     |
      | amount      | 80       |
      | tier        | standard |
      | fraud score | 0.05     |
      | topics      | delivery |
    And Rae and Sam are reviewers

  Rule: Only working hours count

    Example: Four hours of a Monday
      Given people work from 9 to 17 on weekdays in Europe/Berlin
      When the assistant recommends refund
      Then it is due by 2026-01-05 13:00

    Example: The evening does not count
      Given people work from 9 to 12 on weekdays in Europe/Berlin
      When the assistant recommends refund
      Then it is due by 2026-01-06 10:00

    Example: Nor does a holiday
      Given people work from 9 to 12 on weekdays in Europe/Berlin
      And 2026-01-06 is a holiday
      When the assistant recommends refund
      Then it is due by 2026-01-07 10:00

    Example: One minute before that, nobody is late
      Given people work from 9 to 12 on weekdays in Europe/Berlin
      And 2026-01-06 is a holiday
      And the assistant has recommended refund
      When 2939 minutes pass
      Then the decision is reviewed

    Example: Then it is escalated
      Given people work from 9 to 12 on weekdays in Europe/Berlin
      And 2026-01-06 is a holiday
      And the assistant has recommended refund
      When 2940 minutes pass
      Then the decision is escalated
      And the exception REVIEW_TIMEOUT is raised

  Rule: People are warned once before they are late

    Example: After three of four hours
      Given people are warned when 75 % of the time has passed
      And the assistant has recommended refund
      When 3 hours pass
      Then the decision is reviewed
      And the audit trail reads
        | the assistant    | recommended refund for the customer at 0.95 confidence and 0.15 risk |
        | policy version 1 | asked for review in refunds: … |
        | the clock        | warned that it is due by 2026-01-05 13:00 |

    Example: Who decides in time hears nothing more
      Given people are warned when 75 % of the time has passed
      And the assistant has recommended refund
      And Rae has claimed and upheld it
      When 5 hours pass
      Then refund may be carried out
      And no exception is raised

  Rule: The ladder has an end, and there it waits for whoever acts

    Example: Neither the reviewers nor Omar nor Lucia
      Given the assistant has recommended refund
      When 4 hours pass
      And 1 hour passes
      And 1 hour passes
      And 30 days pass
      Then the decision is escalated
      And Lucia Moretti answers for it as escalation owner
      And nothing may be carried out
      And the audit trail reads
        | the assistant    | recommended refund for the customer at 0.95 confidence and 0.15 risk |
        | policy version 1 | asked for review in refunds: … |
        | the clock        | found nobody had decided by 2026-01-05 13:00 |
        | the clock        | escalated it to omar.haddad: … |
        | the clock        | found nobody had decided by 2026-01-05 14:00 |
        | the clock        | escalated it to lucia.moretti: … |
        | the clock        | found nobody had decided by 2026-01-05 15:00, and nobody is above: it waits until somebody acts |

    Example: Lucia comes back
      Given the assistant has recommended refund
      When 4 hours pass
      And 1 hour passes
      And 30 days pass
      And Lucia Moretti claims it
      And Lucia Moretti upholds it
      Then refund may be carried out
      And that is on a person's authority

  Rule: Where it was a review at first, the reviewers may have it back

    Example: Rae is back from her holidays
      Given what nobody above has decided goes back to the reviewers
      And the assistant has recommended refund
      When 4 hours pass
      And 1 hour passes
      And 1 hour passes
      Then the decision is reviewed
      And nothing may be carried out

    Example: Nobody had to decide, and Rae does
      Given what nobody above has decided goes back to the reviewers
      And the assistant has recommended refund
      When 4 hours pass
      And 1 hour passes
      And 1 hour passes
      And Rae claims it
      And Rae upholds it
      Then refund may be carried out

    Example: Not what policy gave to Omar
      Given what nobody above has decided goes back to the reviewers
      And confidence is 0.40
      And the assistant has recommended refund
      When 1 hour passes
      And 1 hour passes
      And 1 hour passes
      Then the decision is escalated

  Rule: A timeout never approves

    Example: A year later
      Given the assistant has recommended refund
      When 4 hours pass
      And 365 days pass
      And 365 days pass
      Then nothing may be carried out

    Example: And nobody can have it otherwise
      When the assistant recommends refund
      Then no decision type may approve what is late
