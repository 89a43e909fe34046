Feature: Requests that a person sees, however sure the assistant is
  Where somebody may be hurt, where a promise to the citizen is short, or where nobody
  can say which crew to send, a person looks.

  Decision owner: Ana Ferreira, head of the support desk

  Background:
    Given the decision type Support triage
    And a request, of which we know
      | confidence          | 0.99                        |
      | risk                | 0.10                        |
      | channel             | Constituent Call            |
      | request reason      | Sanitation                  |
      | request type        | Schedule a Bulk Item Pickup |
      | pwd district        | 07                          |
      | sla hours           | 96                          |
      | opened hour         | 7                           |
      | is weekend          | no                          |
      | same type nearby 7d | 34                          |
      | title words         | 5                           |
      | margin to second    | 0.99                        |

  Rule: Where lives may be in danger a supervisor is called at once

    Scenario Outline: <type>
      Given the request type is <type>
      When the assistant recommends route_isd_health_internal
      Then the decision is escalated
      And rule life-safety decides
      And it waits in the queue support-duty-supervisor
      And it is due in 15 minutes
      And Daniel Moreau answers for it as escalation owner

      Examples:
        | type                       |
        | Carbon Monoxide            |
        | Fire in Food Establishment |
        | Food Alert - Confirmed     |

  Rule: Where somebody may be hurt, dispatch looks within half an hour

    Scenario Outline: <type>
      Given the request type is <type>
      When the assistant recommends route_park_tree_emergencies
      Then the decision is reviewed
      And rule danger decides
      And it waits in the queue support-dispatch
      And it is due in 30 minutes

      Examples:
        | type                          |
        | Tree Emergencies              |
        | Unsafe Dangerous Conditions   |
        | Utility Call-In               |

  Rule: A promise of a day or less leaves no time for a wrong queue

    Scenario Outline: <hours> hours
      Given the sla hours is <hours>
      When the assistant recommends route_pwdx_requests_for_pothole_repair
      Then the decision is <lane>
      And rule <rule> decides

      Examples: On the line, and a step outside
        | hours   | lane      | rule         |
        | 24      | reviewed  | short-target |
        | 24.0001 | automated | automate     |

    Example: Where nothing was promised, a person says how soon
      Given the sla hours is unknown
      When the assistant recommends route_pwdx_requests_for_pothole_repair
      Then the decision is reviewed
      And the reason CANNOT_CHECK.SHORT_TARGET is given

  Rule: At the weekend only the duty supervisor sends an inspector to somebody's home

    Scenario Outline: <reason>, weekend: <weekend>
      Given the request reason is <reason>
      And the request, of which we know
        | is weekend | <weekend> |
      When the assistant recommends route_isd_housing_internal
      Then the decision is <lane>

      Examples:
        | reason     | weekend | lane      |
        | Housing    | yes     | escalated |
        | Health     | yes     | escalated |
        | Housing    | no      | automated |
        | Sanitation | yes     | automated |

    Example: It goes to the supervisor on duty
      Given the request reason is Housing
      And the request, of which we know
        | is weekend | yes |
      When the assistant recommends route_isd_housing_internal
      Then rule weekend-home decides
      And it waits in the queue support-duty-supervisor

  Rule: Many of the same nearby are one cause, and one crew may fix it

    Scenario Outline: <count> of "<type>" within a week
      Given the same type nearby 7d is <count>
      And the request type is <type>
      When the assistant recommends route_pwdx_street_light_outages
      Then the decision is <lane>
      And rule <rule> decides

      Examples:
        | count | type                        | lane      | rule     |
        | 59    | Street Light Outages        | automated | automate |
        | 60    | Street Light Outages        | reviewed  | surge    |
        | 60    | Schedule a Bulk Item Pickup | automated | automate |

  Rule: Without a district no crew can be sent

    Example: A person asks the citizen
      Given the pwd district is unknown
      When the assistant recommends route_pwdx_requests_for_pothole_repair
      Then the decision is reviewed
      And rule no-place decides
      And the reason NO_PLACE is given
