Feature: A match is confirmed by people
  To confirm a match is to freeze somebody's assets and report them. That can't be taken
  back, and no machine does it.

  Decision owner: Beatriz Almeida, head of financial crime operations

  Background:
    Given the decision type Compliance screening
    And an alert, of which we know
      | confidence           | 1.0         |
      | risk                 | 0.10        |
      | subject type         | individual  |
      | regime               | Liberia     |
      | matched alias type   | prime_alias |
      | name score           | 100         |
      | candidate rank       | 1           |
      | candidates in alert  | 1           |
      | score gap            | 6           |
      | listed name variants | 1           |
      | un listed            | no          |
      | birth date on list   | yes         |

  Rule: However sure the assistant is, a person confirms

    Example: The assistant could not be surer
      When the assistant recommends confirm_match
      Then the decision is reviewed
      And the reason ACTION_NOT_ALLOWED is given
      And the reason REVERSIBILITY is given
      And nothing may be carried out

    Example: Over the risk limit it is the officer's
      Given risk is 0.3501
      When the assistant recommends confirm_match
      Then the decision is escalated
      And Robert Kinsella answers for it as escalation owner

  Rule: A terrorism match is signed by two, within half an hour

    Scenario Outline: <regime>
      Given the regime is <regime>
      When the assistant recommends confirm_match
      Then the decision is escalated
      And rule terrorism-match decides
      And two people must agree
      And it is due in 30 minutes

      Examples:
        | regime                            |
        | Al-Qaida                          |
        | Terrorism and Terrorist Financing |

  Rule: A confirmed match is not undone here

    Example: Beatriz can't reverse it
      Given Rita Lang is a reviewer
      And the assistant has recommended confirm_match
      And Rita Lang has claimed and upheld it
      And the assistant has reported the action delivered
      When Beatriz Almeida reverses it
      Then it is refused: "Only a delivered action that can be undone can be reversed."
      And the decision is completed
