Feature: A policy changes only with the signatures that it needs
  Whoever writes a policy wants it in force; whoever answers for the risk must see what it
  changes. So nobody signs their own, and a signature is for what was read, and nothing else.

  Decision owner: Carla Nunes, head of customer care

  Background:
    Given the decision type Refund
    And Ingrid Dahl asks for no specifications
    And a refund, of which we know
      | confidence  | 0.95     |
      | risk        | 0.10     |
      | amount      | 60       |
      | tier        | standard |
      | fraud score | 0.05     |
      | topics      | delivery |

  Rule: A version speaks once it is proposed, approved and put into force

    Example: Refunds up to 70 need no second look any more
      Given Ben Okoye has written a version with refund_limit 70.00
      And Ben Okoye has proposed version 2
      And Ingrid Dahl has approved version 2
      When Ben Okoye puts version 2 into force
      And the assistant recommends refund
      Then version 2 is in force
      And version 1 is superseded
      And the decision is automated

    Example: Until then the version before it speaks
      Given Ben Okoye has written a version with refund_limit 70.00
      And Ben Okoye has proposed version 2
      When the assistant recommends refund
      Then version 2 is proposed
      And the decision is reviewed

    Example: What nobody approved is not put into force
      Given Ben Okoye has written a version with refund_limit 70.00
      And Ben Okoye has proposed version 2
      When Ben Okoye puts version 2 into force
      Then it is refused: "Only a version that was approved is put into force."
      And nothing is recorded

    Example: What was refused is not put into force either
      Given Ben Okoye has written a version with refund_limit 70.00
      And Ben Okoye has proposed version 2
      When Ingrid Dahl refuses version 2, because May's complaints are not counted yet
      Then version 2 is refused

  Rule: Nobody signs what they proposed or wrote

    Example: Ingrid proposes it herself
      Given Ben Okoye has written a version with refund_limit 70.00
      And Ingrid Dahl has proposed version 2
      When Ingrid Dahl approves version 2
      Then it is refused: "Whoever proposed a policy can't approve it."

    Example: Ingrid wrote it
      Given Ingrid Dahl has written a version with refund_limit 70.00
      And Ben Okoye has proposed version 2
      When Ingrid Dahl approves version 2
      Then it is refused: "Whoever wrote a policy can't approve it."

  Rule: What relaxes anything is the risk owner's to sign, what only tightens is also the AI product owner's

    Example: A higher limit
      Given Carla Nunes has written a version with refund_limit 50.01
      And Carla Nunes has proposed version 2
      When Ben Okoye approves version 2
      Then it is refused: "Only the seats named may do this."

    Example: A lower limit
      Given Carla Nunes has written a version with refund_limit 49.99
      And Carla Nunes has proposed version 2
      When Ben Okoye approves version 2
      Then version 2 is approved

  Rule: A signature is void once another version is in force

    Example: Two versions were approved, and one came first
      Given Ben Okoye has written a version with refund_limit 70.00
      And Ben Okoye has written a version with refund_limit 40.00
      And Ben Okoye has proposed version 2
      And Ingrid Dahl has approved version 2
      And Ben Okoye has proposed version 3
      And Ingrid Dahl has approved version 3
      And Ben Okoye has put version 3 into force
      When Ben Okoye puts version 2 into force
      Then it is refused: "A signature holds for the versions and the reports that were signed, and for no others."

  Rule: A version may be given its moment, and speaks from then on

    Background:
      Given Ben Okoye has written a version with refund_limit 70.00
      And Ben Okoye has proposed version 2
      And Ingrid Dahl has approved version 2
      And Ben Okoye has put version 2 into force in 4 hours

    Example: A minute before
      When 239 minutes pass
      And the assistant recommends refund
      Then version 2 is scheduled
      And the decision is reviewed

    Example: At that moment
      When 4 hours pass
      And the assistant recommends refund
      Then version 2 is in force
      And the decision is automated

    Example: Somebody stops it in time
      When Ingrid Dahl refuses version 2, because the new tariff is late
      And 5 hours pass
      And the assistant recommends refund
      Then version 1 is in force
      And the decision is reviewed

  Rule: What was in force before can be again, at once

    Example: The new version lets too much through
      Given Ben Okoye has written a version with refund_limit 70.00
      And Ben Okoye has proposed version 2
      And Ingrid Dahl has approved version 2
      And Ben Okoye has put version 2 into force
      When Ben Okoye rolls back to version 1, because complaints doubled
      And the assistant recommends refund
      Then version 1 is in force
      And the decision is reviewed
      And replaying it gives the same answer

    Example: What never spoke can't speak again
      Given Ben Okoye has written a version with refund_limit 40.00
      When Ingrid Dahl rolls back to version 2, because it looks better
      Then it is refused: "Only a version that was in force before can be rolled back to."

  Rule: Where no version is in force, everything is escalated

    Example: The only version is retired
      When Ingrid Dahl retires version 1, because its limits were wrong
      And the assistant recommends refund
      Then version 1 is retired
      And the decision is escalated
