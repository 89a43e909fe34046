Feature: Signals the assistant dismisses on its own
  Most early-warning signals on small loans come to nothing. The assistant dismisses those
  where a mistake would be bearable, so that analysts see the loans that may fail.

  Decision owner: Victor Nakamura, head of small-business portfolio management

  Background:
    Given the decision type Risk signal review
    And a signal, of which we know
      | confidence          | 0.95  |
      | risk                | 0.15  |
      | loan amount usd     | 20000 |
      | guaranteed share    | 0.5   |
      | unguaranteed usd    | 10000 |
      | employees           | 4     |
      | is new business     | no    |
      | sector naics2       | 23    |
      | state               | UT    |
      | lender out of state | no    |
      | revolving line      | no    |
      | urban               | yes   |

  Rule: Sure, and the loss is bearable: then it dismisses the signal by itself

    Scenario Outline: At <confidence> confidence and <risk> risk
      Given confidence is <confidence>
      And risk is <risk>
      When the assistant recommends dismiss_signal
      Then the decision is <lane>
      And rule <rule> decides

      Examples: Inside, and exactly on the line
        | confidence | risk | lane      | rule     |
        | 0.95       | 0.15 | automated | automate |
        | 0.90       | 0.30 | automated | automate |

      Examples: A step outside
        | confidence | risk   | lane      | rule      |
        | 0.8999     | 0.15   | reviewed  | confident |
        | 0.95       | 0.3001 | reviewed  | low-risk  |
        | 0.5999     | 0.15   | escalated | uncertain |

  Rule: Much unguaranteed money in a business without a history is the committee's

    Scenario Outline: A new business: <new>, <amount> USD unguaranteed
      Given the unguaranteed usd is <amount>
      And the signal, of which we know
        | is new business | <new> |
      When the assistant recommends dismiss_signal
      Then the decision is <lane>

      Examples:
        | new     | amount   | lane      |
        | yes     | 50000    | automated |
        | yes     | 50000.01 | escalated |
        | no      | 50000.01 | automated |
        | unknown | 50000    | automated |
        | unknown | 50000.01 | reviewed  |

    Example: The committee it is
      Given the unguaranteed usd is 60000
      And the signal, of which we know
        | is new business | yes |
      When the assistant recommends dismiss_signal
      Then rule new-business decides
      And it waits in the queue credit-committee
      And Samuel Brandt answers for it as escalation owner

  Rule: A loss that the board hears of is answered for by two people

    Scenario Outline: <amount> USD unguaranteed
      Given the unguaranteed usd is <amount>
      When the assistant recommends dismiss_signal
      Then the decision is <lane>
      And rule <rule> decides
      And <how many>

      Examples:
        | amount    | lane      | rule         | how many              |
        | 150000    | automated | automate     | one person is enough  |
        | 150000.01 | escalated | large-amount | two people must agree |

  Rule: In sectors where confident dismissals went wrong, an analyst looks

    Scenario Outline: Sector <sector>
      Given the sector naics2 is <sector>
      When the assistant recommends dismiss_signal
      Then the decision is <lane>
      And rule <rule> decides

      Examples:
        | sector  | lane      | rule         |
        | 56      | reviewed  | hard-sectors |
        | 72      | reviewed  | hard-sectors |
        | 23      | automated | automate     |
        | unknown | reviewed  | hard-sectors |

  Rule: A line that can still be drawn down is looked at while it can

    Scenario Outline: A revolving line of <amount> USD
      Given the unguaranteed usd is <amount>
      And the signal, of which we know
        | revolving line | yes |
      When the assistant recommends dismiss_signal
      Then the decision is <lane>
      And rule <rule> decides

      Examples:
        | amount   | lane      | rule      |
        | 25000    | automated | automate  |
        | 25000.01 | reviewed  | open-line |
