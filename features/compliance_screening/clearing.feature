Feature: Alerts the assistant clears on its own
  Most alerts are chance resemblances. The costly mistake is a true match that was
  cleared, so the assistant clears only what hardly resembles anybody.

  Decision owner: Beatriz Almeida, head of financial crime operations

  Background:
    Given the decision type Compliance screening
    And an alert, of which we know
      | confidence           | 0.99        |
      | risk                 | 0.22        |
      | subject type         | individual  |
      | regime               | Liberia     |
      | matched alias type   | prime_alias |
      | name score           | 56          |
      | candidate rank       | 1           |
      | candidates in alert  | 1           |
      | score gap            | 6           |
      | listed name variants | 1           |
      | un listed            | no          |
      | birth date on list   | yes         |

  Rule: Nearly certain, and hardly alike: then it clears the alert by itself

    Scenario Outline: At <confidence> confidence and <risk> risk
      Given confidence is <confidence>
      And risk is <risk>
      When the assistant recommends clear_alert
      Then the decision is <lane>
      And rule <rule> decides

      Examples: Inside, and exactly on the line
        | confidence | risk | lane      | rule     |
        | 0.9995     | 0.20 | automated | automate |
        | 0.98       | 0.35 | automated | automate |

      Examples: A step outside
        | confidence | risk   | lane      | rule      |
        | 0.9799     | 0.20   | reviewed  | confident |
        | 0.9995     | 0.3501 | reviewed  | low-risk  |
        | 0.5999     | 0.20   | escalated | uncertain |

  Rule: Nothing under a terrorism or proliferation regime is cleared by a machine

    Scenario Outline: <regime>
      Given the regime is <regime>
      When the assistant recommends clear_alert
      Then the decision is <lane>
      And rule <rule> decides

      Examples:
        | regime                           | lane      | rule               |
        | Al-Qaida                         | reviewed  | grave-regime-clear |
        | Terrorism and Terrorist Financing | reviewed  | grave-regime-clear |
        | Iran (nuclear proliferation)     | reviewed  | grave-regime-clear |
        | Liberia                          | automated | automate           |
        | Zimbabwe                         | automated | automate           |

    Example: A senior analyst sees it
      Given the regime is Al-Qaida
      When the assistant recommends clear_alert
      Then it waits in the queue sanctions-senior-analysts

  Rule: Whoever clears a nearly identical name says why it is somebody else, and not alone

    Scenario Outline: A name score of <score>
      Given the name score is <score>
      When the assistant recommends clear_alert
      Then the decision is <lane>
      And <how many>

      Examples:
        | score | lane      | how many              |
        | 89.99 | automated | one person is enough  |
        | 90    | escalated | two people must agree |

    Example: The limit that decides has a name
      Given the name score is 100
      When the assistant recommends clear_alert
      Then rule near-identical-clear decides
      And the reason NEAR_IDENTICAL is given

  Rule: Without a birth date on the list, two people can't be told apart by name alone

    Scenario Outline: An <kind>, birth date on the list: <listed>
      Given the subject type is <kind>
      And the alert, of which we know
        | birth date on list | <listed> |
      When the assistant recommends clear_alert
      Then the decision is <lane>
      And rule <rule> decides

      Examples:
        | kind         | listed | lane      | rule          |
        | individual   | yes    | automated | automate      |
        | individual   | no     | reviewed  | no-birth-date |
        | organisation | no     | automated | automate      |
