Feature: A share of what was automated is checked afterwards, by someone who looks afresh
  What nobody checks, nobody knows. A lot decides what is checked, before anybody can know how it
  turns out, and whoever checks it forms an opinion of their own before hearing the model's.

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
    And Quinn is a quality reviewer

  Rule: Who checks is not told what was recommended until they have said what they think

    Example: Before the verdict
      Given the assistant has recommended refund until the lot falls on one
      Then Quinn sees nothing of the recommendation

    Example: After the verdict
      Given the assistant has recommended refund until the lot falls on one
      When Quinn confirms it in the quality check
      Then Quinn sees that refund was recommended

    Example: Everybody else may see it
      Given the assistant has recommended refund until the lot falls on one
      Then Rae sees that refund was recommended

    Example: What is not drawn is hidden from nobody
      Given the amount is 80
      When the assistant recommends refund
      Then Quinn sees that refund was recommended

  Rule: A verdict against it proposes to undo it; an owner decides

    Example: Quinn disagrees, and Carla undoes it
      Given the assistant has recommended refund until the lot falls on one
      And the assistant has reported the action delivered
      When Quinn overturns it in the quality check
      Then the exception QA_OVERTURNED waits in the queue refund-exceptions
      And refund may be carried out

    Example: Undone, nothing waits
      Given the assistant has recommended refund until the lot falls on one
      And the assistant has reported the action delivered
      And Quinn has overturned it in the quality check
      And Carla Nunes has reversed it
      When the assistant reports the action delivered
      Then no exception waits

  Rule: A sample that nobody judged counts as wrong

    Example: All that were drawn were judged
      Given the decision type Refund, of which all is checked
      And 88 recommendations of the assistant to refund were automated, and Quinn has confirmed all but 0 in the quality check
      Then at most 5 % being wrong, the threshold 0.80 is recommended

    Example: One of them was not
      Given the decision type Refund, of which all is checked
      And 88 recommendations of the assistant to refund were automated, and Quinn has confirmed all but 1 in the quality check
      Then at most 5 % being wrong, no threshold is recommended, and about 46 more labels are needed

  Rule: The draw replays

    Example: Years later it says the same
      Given the assistant has recommended refund until the lot falls on one
      Then replaying it gives the same answer
