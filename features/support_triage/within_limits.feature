Feature: Requests the assistant sends to a work queue on its own
  Most requests that reach the city's support desk are plain: a missed collection, a
  pothole. They go to the crew at once. A person sorts the doubtful ones.

  Decision owner: Ana Ferreira, head of the support desk

  Background:
    Given the decision type Support triage
    And a request, of which we know
      | confidence          | 0.95                        |
      | risk                | 0.25                        |
      | channel             | Constituent Call            |
      | request reason      | Sanitation                  |
      | request type        | Schedule a Bulk Item Pickup |
      | neighborhood        | Greater Mattapan            |
      | pwd district        | 07                          |
      | sla hours           | 96                          |
      | opened hour         | 7                           |
      | is weekend          | no                          |
      | same type nearby 7d | 34                          |
      | title words         | 5                           |
      | margin to second    | 0.99                        |

  Rule: A sure assistant and a cheap mistake: then it sends the request on by itself

    Scenario Outline: At <confidence> confidence and <risk> risk the request is <lane>
      Given confidence is <confidence>
      And risk is <risk>
      When the assistant recommends route_pwdx_schedule_a_bulk_item_pickup
      Then the decision is <lane>
      And rule <rule> decides

      Examples: Inside, and exactly on the line
        | confidence | risk | lane      | rule     |
        | 0.9954     | 0.29 | automated | automate |
        | 0.90       | 0.45 | automated | automate |

      Examples: A step outside
        | confidence | risk   | lane      | rule      |
        | 0.8999     | 0.29   | reviewed  | confident |
        | 0.9954     | 0.4501 | reviewed  | low-risk  |
        | 0.50       | 0.29   | reviewed  | confident |
        | 0.4999     | 0.29   | escalated | uncertain |

    Example: The reason can be read out to the citizen
      When the assistant recommends route_pwdx_schedule_a_bulk_item_pickup
      Then the decision is automated
      And it says why: "confidence 0.95 is at least 0.90 and risk 0.25 is at most 0.45"

    Example: All reasons are given, not only the first
      Given confidence is 0.80
      And risk is 0.60
      When the assistant recommends route_pwdx_schedule_a_bulk_item_pickup
      Then the decision is reviewed
      And the reason CONFIDENCE_BELOW_LIMIT is given
      And the reason RISK_ABOVE_LIMIT is given

  Rule: The channel makes no difference

    Scenario Outline: By <channel>
      Given the channel is <channel>
      When the assistant recommends route_pwdx_schedule_a_bulk_item_pickup
      Then the decision is automated

      Examples:
        | channel            |
        | Constituent Call   |
        | Self Service       |
        | Employee Generated |
