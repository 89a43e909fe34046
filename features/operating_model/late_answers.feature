Feature: What is raised afterwards is not forgotten
  An objection, a quality check that disagrees, or a reversal that nobody reports on comes when the
  decision has ended. It waits for somebody, has a deadline, and goes on to who stands above.

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
    And Rae and Sam are reviewers

  Rule: What nobody answers in time is asked of who stands above

    Example: Nobody answers an objection
      Given the assistant has recommended refund
      And the assistant has reported the action delivered
      And Carla Nunes has contested it
      When 100 hours pass
      Then Lucia Moretti must answer the exception CONTESTED
      And the decision is completed

    Example: Lucia answers it
      Given the assistant has recommended refund
      And the assistant has reported the action delivered
      And Carla Nunes has contested it
      When 100 hours pass
      And Lucia Moretti answers the exception CONTESTED, because the parcel had arrived
      Then no exception waits

  Rule: A reversal that nobody reports on is an exception

    Example: Nobody says whether the money came back
      Given the assistant has recommended refund
      And the assistant has reported the action delivered
      And Carla Nunes has reversed it
      When 100 hours pass
      Then the exception REVERSAL_FAILED is raised
      And the decision is completed

  Rule: Where a seat is empty, the fallback owner finds out what became of an action

    Example: Nobody knows whether the refund was made, and Carla has left
      Given the assistant has recommended refund
      And the assistant has reported the action unknown
      And Carla Nunes has left the seat of decision owner
      And Omar Haddad has left the seat of escalation owner
      When Lucia Moretti finds out that the action was delivered
      Then the decision is completed

    Example: Carla is there
      Given the assistant has recommended refund
      When Lucia Moretti finds out that the action was delivered
      Then it is refused: "The identity holds no seat that carries the authority for this."
