Feature: Incidents the assistant assigns to a group on its own
  An incident in the wrong group loses hours. The assistant is over-confident, so only the
  top of its scale counts, and only where no other group comes close.

  Decision owner: Henrik Solberg, service desk manager

  Background:
    Given the decision type IT incident routing
    And an incident, of which we know
      | confidence           | 0.97            |
      | risk                 | 0.20            |
      | margin to second     | 0.95            |
      | priority             | 3               |
      | impact               | 2               |
      | urgency              | 2               |
      | category             | category_46     |
      | subcategory          | subcategory_223 |
      | contact type         | phone           |
      | current group        | group_70        |
      | symptom recorded     | yes             |
      | knowledge used       | no              |
      | opened hour          | 9               |
      | caller incidents 30d | 4               |

  Rule: Sure, by a clear lead, and a mistake is cheap: then it assigns by itself

    Scenario Outline: At <confidence>, <margin> ahead of the second, with <risk> risk
      Given confidence is <confidence>
      And the margin to second is <margin>
      And risk is <risk>
      When the assistant recommends route_group_70
      Then the decision is <lane>
      And rule <rule> decides

      Examples: Inside, and exactly on the line
        | confidence | margin | risk | lane      | rule     |
        | 0.97       | 0.95   | 0.20 | automated | automate |
        | 0.90       | 0.90   | 0.30 | automated | automate |

      Examples: A step outside
        | confidence | margin | risk   | lane      | rule         |
        | 0.8999     | 0.95   | 0.20   | reviewed  | confident    |
        | 0.97       | 0.8999 | 0.20   | reviewed  | clear-winner |
        | 0.97       | 0.95   | 0.3001 | reviewed  | low-risk     |
        | 0.4999     | 0.95   | 0.20   | escalated | uncertain    |

  Rule: The higher the priority, the less is left to a machine

    Scenario Outline: Priority <priority>
      Given the priority is <priority>
      When the assistant recommends route_group_70
      Then the decision is <lane>
      And rule <rule> decides

      Examples:
        | priority | lane      | rule           |
        | 1        | escalated | major-incident |
        | 2        | reviewed  | high-priority  |
        | 3        | automated | automate       |

    Example: A major incident is led within a quarter of an hour
      Given the priority is 1
      When the assistant recommends route_group_70
      Then it waits in the queue it-major-incidents
      And it is due in 15 minutes
      And Marcus Adeyemi answers for it as escalation owner

    Example: A high priority waits half an hour at most
      Given the priority is 2
      When the assistant recommends route_group_70
      Then it waits in the queue it-service-desk
      And it is due in 30 minutes

  Rule: Where the desk and the assistant differ about the largest group, a third look decides

    Scenario Outline: The desk chose <group>, the assistant <action>
      Given the current group is <group>
      When the assistant recommends <action>
      Then the decision is <lane>
      And rule <rule> decides

      Examples:
        | group    | action         | lane      | rule           |
        | group_70 | route_group_70 | automated | automate       |
        | group_25 | route_group_70 | reviewed  | desk-disagrees |
        | group_70 | route_group_25 | reviewed  | desk-disagrees |
        | group_24 | route_group_25 | automated | automate       |

    Example: The desk chose nobody
      Given the current group is unknown
      When the assistant recommends route_group_70
      Then the decision is reviewed
      And the reason CANNOT_CHECK.DESK_DISAGREES is given

  Rule: An incident nobody described or named needs somebody who can

    Scenario Outline: A symptom: <symptom>, an article: <article>
      Given the incident, of which we know
        | symptom recorded | <symptom> |
        | knowledge used   | <article> |
      When the assistant recommends route_group_70
      Then the decision is <lane>
      And rule <rule> decides

      Examples:
        | symptom | article | lane      | rule        |
        | no      | no      | reviewed  | thin-ticket |
        | yes     | no      | automated | automate    |
        | no      | yes     | automated | automate    |

    Example: No category
      Given the category is unknown
      When the assistant recommends route_group_70
      Then the decision is reviewed
      And rule no-category decides
