Feature: What came of it is measured
  Whether the assistant may do more is decided by what its recommendations were worth.
  Every measure counts decisions, and says of how many.

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

  Rule: Straight through is what was completed with no person and no exception

    Example: One of two
      Given the assistant has recommended refund for Mr Small
      And the assistant has reported the action delivered
      And the amount is 80
      And the assistant has recommended refund for Mrs Large
      And Rae has claimed and upheld it
      When the assistant reports the action delivered
      Then the straight-through rate is 1 of 2

  Rule: An override is a choice of another action; to agree is none

    Example: Rae agrees once and overrides once
      Given the amount is 80
      And the assistant has recommended refund for Mr Small
      And Rae has claimed and upheld it
      And the assistant has reported the action delivered
      And the assistant has recommended refund for Mrs Large
      And Rae has claimed and overridden it with replace
      When the assistant reports the action delivered
      Then the override rate is 1 of 2

  Rule: The lot decides what is checked afterwards, and a person who had no part in it checks

    Example: Quinn agrees with what was done
      Given the assistant has recommended refund until the lot falls on one
      When Quinn confirms it in the quality check
      Then no exception is raised

    Example: Quinn disagrees
      Given the assistant has recommended refund until the lot falls on one
      When Quinn overturns it in the quality check
      Then the exception QA_OVERTURNED is raised

    Example: A reviewer is no quality reviewer
      Given the assistant has recommended refund until the lot falls on one
      When Rae confirms it in the quality check
      Then it is refused: "The seat does not carry the authority for this."

    Example: What a person decided is not drawn
      Given the amount is 80
      And the assistant has recommended refund
      When Quinn confirms it in the quality check
      Then it is refused: "Only a sampled, automated decision gets a quality verdict, and only one."

  Rule: What proved right is put on record once

    Example: It would have been better to send a new one
      Given the assistant has recommended refund
      And replace has proved right
      When refund proves right
      Then it is refused: "An observed outcome is recorded once."

  Rule: The business may object to what was done

    Example: Carla objects
      Given the assistant has recommended refund
      And the assistant has reported the action delivered
      When Carla Nunes contests it, because the customer was never charged
      Then the exception CONTESTED is raised

    Example: Not before it is done
      Given the assistant has recommended refund
      When Carla Nunes contests it, because the customer was never charged
      Then it is refused: "Only a completed decision can be contested."

  Rule: Coverage is of the cases that their own system counts, never of what came here

    Example: Two of the day's four cases came this way
      Given the assistant has recommended refund for Mr Small
      And the assistant has recommended refund for Mrs Large
      When the source system declares 4 cases for today
      Then the coverage is 2 of 4

    Example: Nobody has counted
      When the assistant recommends refund
      Then the coverage is unknown

    Example: The source system counts again
      Given the assistant has recommended refund
      And the source system has declared 4 cases for today
      When the source system declares 5 cases for today
      Then the coverage is 1 of 5

    Example: One case was decided elsewhere
      When the source system declares 4 cases for today, 1 of them decided elsewhere
      Then the bypass rate is 1 of 4

    Example: No more are decided elsewhere than there are
      When the source system declares 1 cases for today, 2 of them decided elsewhere
      Then it is refused: "No more cases can have passed by than there were."

  Rule: Silence is an alarm: hearing nothing is not the same as nothing being wrong

    Example: For nine days nobody says what proved right
      Given the assistant has recommended refund for Mr Small
      And the assistant has reported the action delivered
      And 9 days have passed
      And the assistant has recommended refund for Mrs Large
      When the assistant reports the action delivered
      Then outcomes are missing
      And the volume is missing

    Example: It is heard again
      Given the assistant has recommended refund for Mr Small
      And the assistant has reported the action delivered
      And 9 days have passed
      And the assistant has recommended refund for Mrs Large
      And the assistant has reported the action delivered
      And replace has proved right
      When the source system declares 4 cases for today
      Then outcomes are not missing
      And the volume is not missing

  Rule: How it was before is measured before, and once

    Example: Carla remembers a slower past
      When Carla Nunes registers a baseline of 90 minutes
      Then it is refused: "The decision type is not in a state that allows this."
