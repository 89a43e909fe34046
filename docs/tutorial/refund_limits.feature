Feature: What the refund policy says, exactly on each line and one step outside
  Every limit and rule is met by an example on either side of it, as near as its fact allows.
  A policy in which one number is a step off would not pass.

  Decision owner: Carla Nunes, head of customer care

  Background:
    Given the decision type Refund
    And a refund, of which we know
      | action      | refund   |
      | confidence  | 0.95     |
      | risk        | 0.10     |
      | amount      | 20       |
      | tier        | standard |
      | fraud score | 0.05     |
      | topics      | delivery |

  Rule: The assistant must be sure, and a mistake cheap

    Scenario Outline: At <confidence> confidence and <risk> risk the policy says <lane>
      Given confidence is <confidence>
      And risk is <risk>
      When the policy decides
      Then the decision is <lane>
      And rule <rule> decides

      Examples: On the line
        | confidence | risk | lane     | rule      |
        | 0.90       | 0.30 | automate | automate  |
        | 0.60       | 0.10 | review   | confident |

      Examples: One step outside
        | confidence | risk     | lane     | rule      |
        | 0.899999   | 0.10     | review   | confident |
        | 0.95       | 0.300001 | review   | low-risk  |
        | 0.599999   | 0.10     | escalate | uncertain |

  Rule: A refund over 50 EUR needs a person, unless the customer is gold

    Scenario Outline: <amount> EUR for a <tier> customer
      Given amount is <amount> EUR
      And tier is <tier>
      When the policy decides
      Then the decision is <lane>

      Examples:
        | amount | tier   | lane     |
        | 50.00  | silver | automate |
        | 50.01  | silver | review   |
        | 500.00 | gold   | automate |

    Example: The exception is for gold alone
      Given amount is 512.50
      And tier is silver
      When the policy decides
      Then rule refund-limit fires
      And the reason REFUND_LIMIT is given

    Example: Over 500 EUR two people agree, whoever the customer is
      Given amount is 500.01
      And tier is gold
      When the policy decides
      Then the decision is review
      And rule two-people fires
      And rule refund-limit does not fire
      And two people must agree
      And it is due in 2 hours

  Rule: What looks like fraud, or talks of lawyers, is for the leads

    Scenario Outline: A fraud score of <score>
      Given fraud_score is <score>
      When the policy decides
      Then the decision is <lane>

      Examples:
        | score    | lane     |
        | 0.799999 | automate |
        | 0.80     | escalate |

    Example: A threat of lawyers
      Given topics is delivery, legal
      When the policy decides
      Then the decision is at least escalate
      And it waits in the queue legal

  Rule: What is not known is never waved through

    Example: No fraud score came
      Given the producer gives no fraud score
      When the policy decides
      Then the decision is at least review
      And the reason CANNOT_CHECK.FRAUD is given
      And rule fraud does not fire

    Example: Nobody knows the amount
      Given amount is unknown
      When the policy decides
      Then the decision is held
      And it waits for amount
