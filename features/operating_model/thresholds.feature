Feature: How sure the assistant has to be is earned with evidence
  The lower the confidence from which the assistant acts alone, the more it does, and the more it
  may get wrong. A lower threshold is recommended only when what people have seen bears it out, and
  then it is they who change the policy.

  Decision owner: Carla Nunes, head of customer care

  Background:
    Given the decision type Refund
    And a refund, of which we know
      | confidence  | 0.95     |
      | risk        | 0.10     |
      | amount      | 80       |
      | tier        | standard |
      | fraud score | 0.05     |
      | topics      | delivery |
    And Rae is a reviewer
    And Quinn is a quality reviewer

  Rule: A threshold is recommended once the evidence is strong enough, and not one label before

    Example: 88 in a row, all of them right
      Given Rae has upheld 88 recommendations of the assistant to refund
      Then at most 5 % being wrong, the threshold 0.80 is recommended

    Example: 87 in a row
      Given Rae has upheld 87 recommendations of the assistant to refund
      Then at most 5 % being wrong, no threshold is recommended, and about 1 more labels are needed

  Rule: From the surest on down, it ends where the evidence does

    Example: Surer ones are right, less sure ones are not
      Given Rae has upheld 90 recommendations of the assistant to refund
      And the confidence is 0.85
      And Rae has overridden 9 recommendations of the assistant to refund with replace
      Then at most 5 % being wrong, the threshold 0.90 is recommended

  Rule: That nobody complained proves nothing

    Example: A hundred refunds, and not one complaint
      Given the decision type Refund without quality checks
      And the amount is 20
      And 100 recommendations of the assistant to refund were carried out, and nobody complained
      Then at most 5 % being wrong, no threshold is recommended, and about 88 more labels are needed
      And 100 labels that came by themselves are set aside

  Rule: What an older version of the model has proved, a newer one has not

    Example: The assistant gets a new model
      Given Rae has upheld 88 recommendations of the assistant to refund
      When the assistant changes to version 2 of its model
      And the assistant recommends refund
      Then at most 5 % being wrong, no threshold is recommended, and about 88 more labels are needed

  Rule: A recommendation changes nothing by itself

    Example: It is recommended, and not in force
      Given Rae has upheld 88 recommendations of the assistant to refund
      And the amount is 20
      And the confidence is 0.89
      When the assistant recommends refund
      Then the decision is reviewed
