Feature: Without a policy nothing happens by itself
  A kind of decision may be live before its limits are signed. Until they are, people decide.

  Decision owner: Carla Nunes, head of customer care

  Rule: No policy is no permission

    Example: The decision type is live, its policy is not
      Given the decision type Refund without a policy
      And a refund, of which we know
        | confidence | 0.99     |
        | risk       | 0.01     |
        | amount     | 5        |
        | tier       | standard |
      When the assistant recommends reply
      Then the decision is escalated
      And the exception NO_POLICY is raised
      And it says why: "no policy is in force"
      And nothing may be carried out
