Feature: Refunds the assistant may make on its own
  Customers with small, clear cases have their money back within the minute;
  a person looks at anything large, doubtful or delicate.

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

  Rule: Inside every limit the assistant acts alone; outside one of them a person does

    Scenario Outline: <amount> EUR at <confidence> confidence and <risk> risk is <lane>
      Given the amount is <amount>
      And confidence is <confidence>
      And risk is <risk>
      When the assistant recommends refund
      Then the decision is <lane>
      And rule <rule> decides

      Examples: Inside, and exactly on the line
        | amount | confidence | risk | lane      | rule     |
        | 20     | 0.97       | 0.10 | automated | automate |
        | 50     | 0.90       | 0.30 | automated | automate |

      Examples: A step outside
        | amount | confidence | risk   | lane      | rule         |
        | 50.01  | 0.97       | 0.10   | reviewed  | refund-limit |
        | 20     | 0.8999     | 0.10   | reviewed  | confident    |
        | 20     | 0.97       | 0.3001 | reviewed  | low-risk     |
        | 20     | 0.5999     | 0.10   | escalated | uncertain    |

  Rule: Gold customers are not asked to wait for a larger refund

    Example: A gold customer gets 120 EUR at once
      Given the amount is 120
      And the tier is gold
      When the assistant recommends refund
      Then the decision is automated
      And that is on the policy's authority

    Example: A silver customer waits
      Given the amount is 120
      And the tier is silver
      When the assistant recommends refund
      Then the decision is reviewed
      And the reason REFUND_LIMIT is given

  Rule: Nobody gives back more than 500 EUR alone, whoever the customer is

    Scenario Outline: For <amount> EUR, <how many>
      Given the amount is <amount>
      And the tier is gold
      When the assistant recommends refund
      Then the decision is <lane>
      And rule <rule> decides
      And <how many>

      Examples:
        | amount | lane      | rule       | how many              |
        | 500    | automated | automate   | one person is enough  |
        | 500.01 | reviewed  | two-people | two people must agree |

  Rule: A suspicion of fraud is for the leads

    Scenario Outline: A fraud score of <score>
      Given the fraud score is <score>
      When the assistant recommends refund
      Then the decision is <lane>
      And rule <rule> decides

      Examples:
        | score | lane      | rule     |
        | 0.79  | automated | automate |
        | 0.80  | escalated | fraud    |

  Rule: A threat of lawyers goes to the legal desk within half an hour

    Example: A small refund, a large threat
      Given the topics is delivery, legal
      When the assistant recommends refund
      Then the decision is escalated
      And rule lawyers decides
      And it waits in the queue legal
      And it is due in 30 minutes

  Rule: What can't be checked is looked at

    Example: The fraud score did not come
      Given the fraud score is unknown
      When the assistant recommends refund
      Then the decision is at least reviewed
      And the reason CANNOT_CHECK.FRAUD is given

    Example: An account is never closed by the assistant
      When the assistant recommends close_account
      Then the decision is at least reviewed
      And the reason REVERSIBILITY is given
