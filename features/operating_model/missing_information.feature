Feature: What is missing is never guessed
  A recommendation may come without something. Then it waits, or a person looks; it is
  never treated as if the best were true.

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
    And Rae is a reviewer

  Rule: Without a confidence nothing is automated

    Example: The assistant does not say how sure it is
      Given the producer gives no confidence
      When the assistant recommends refund
      Then the decision is escalated
      And the exception CONFIDENCE_MISSING is raised

  Rule: A fact that the policy needs is waited for

    Example: The amount did not come
      Given the amount is unknown
      When the assistant recommends refund
      Then the decision is held
      And it waits for the amount
      And the exception MISSING_INPUT is raised
      And nothing may be carried out

    Example: It comes, and the decision is made as if it had been there
      Given the amount is unknown
      And the assistant has recommended refund
      When the assistant supplies that the amount is 20
      Then the decision is automated
      And refund may be carried out

    Example: It comes, and it is too much
      Given the amount is unknown
      And the assistant has recommended refund
      When the assistant supplies that the amount is 50.01
      Then the decision is reviewed
      And rule refund-limit decides

    Example: It never comes
      Given the amount is unknown
      And the assistant has recommended refund
      When 1 hour passes
      Then the decision is escalated
      And nothing may be carried out

  Rule: A reviewer may ask before deciding

    Example: Rae asks and then decides
      Given the amount is 80
      And the assistant has recommended refund
      And Rae has claimed it
      When Rae asks how many parcels there were
      And the assistant supplies that the topics is delivery, parcel
      And Rae claims it
      And Rae upholds it
      Then refund may be carried out

    Example: While she waits nobody else decides
      Given the amount is 80
      And the assistant has recommended refund
      And Rae has claimed it
      When Rae asks how many parcels there were
      And Rae claims it
      Then it is refused: "Only a decision that waits for a person can be claimed or disposed of."

  Rule: What can't be right is refused, and the attempt is on record

    Example: An amount that is no number
      Given the amount is plenty
      When the assistant recommends refund
      Then it is refused: "A recommendation must fit its decision type's schema."
      And the refusal says: "context.amount"
      And only the attempt is recorded

    Scenario Outline: <said> is no confidence
      Given the confidence is <said>
      When the assistant recommends refund
      Then it is refused: "A recommendation must fit its decision type's schema."
      And the refusal says: "recommendation.confidence"
      And only the attempt is recorded

      Examples:
        | said |
        | 1.2  |
        | -0.1 |
        | NaN  |
        | high |

    Example: A risk below nothing
      Given the risk is -1
      When the assistant recommends refund
      Then it is refused: "A recommendation must fit its decision type's schema."
      And only the attempt is recorded

    Example: The same mistake twice is one attempt
      Given the confidence is 1.2
      When the assistant recommends refund
      Then it is refused: "A recommendation must fit its decision type's schema."
      When the assistant says the same again
      Then it is refused: "A recommendation must fit its decision type's schema."
      And nothing is recorded

    Example: The mistake is corrected, and the message is taken
      Given the confidence is 1.2
      When the assistant recommends refund
      Then it is refused: "A recommendation must fit its decision type's schema."
      When the assistant says it again with confidence 0.95
      Then the decision is automated

    Example: A fact nobody declared
      Given the shoe size is 43
      When the assistant recommends refund
      Then it is refused: "A recommendation must fit its decision type's schema."
      And only the attempt is recorded

    Example: An action nobody permitted
      When the assistant recommends send_flowers
      Then it is refused: "A recommendation must fit its decision type's schema."
      And the refusal says: "close_account, refund, replace, reply"
      And only the attempt is recorded
