Feature: An exposure is restricted by people
  A restriction reaches the owner's payroll within days. It can't be taken back, so a
  person decides, always.

  Decision owner: Victor Nakamura, head of small-business portfolio management

  Background:
    Given the decision type Risk signal review
    And a signal, of which we know
      | confidence       | 1.0   |
      | risk             | 0.05  |
      | loan amount usd  | 20000 |
      | unguaranteed usd | 10000 |
      | is new business  | no    |
      | sector naics2    | 23    |
      | revolving line   | no    |

  Rule: However sure the assistant is, a person restricts

    Scenario Outline: At <confidence> confidence and <risk> risk
      Given confidence is <confidence>
      And risk is <risk>
      When the assistant recommends restrict_exposure
      Then the decision is <lane>
      And nothing may be carried out

      Examples: A person below the risk limit, the committee above it
        | confidence | risk   | lane      |
        | 1.0        | 0.05   | reviewed  |
        | 0.90       | 0.30   | reviewed  |
        | 1.0        | 0.3001 | escalated |

    Example: Why it does
      When the assistant recommends restrict_exposure
      Then rule only-dismiss decides
      And it says why: "restrict_exposure can't be undone"
      And the reason ACTION_NOT_ALLOWED is given

  Rule: An analyst may dismiss what the assistant would restrict

    Example: The business has a new order
      Given Rita Lang is a reviewer
      And the assistant has recommended restrict_exposure
      And Rita Lang has claimed it
      When Rita Lang overrides it with dismiss_signal, because the business has a large new order
      Then dismiss_signal may be carried out
      And that is on a person's authority
