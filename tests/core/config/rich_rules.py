"""Rules that use every trigger's kind, every action and every way to write one, in full and by its one value alone."""

from tests.core.config.test_mistakes import GOOD

RULES = """\
rules:
  - id: hold-risky
    name: Hold what is risky
    when: [order.verified, order.changed]
    if: order.risk >= 70 || (order.total > 500 && order.customer.orders == 0)
    then:
      - hold: {reason: "Risk {{order.risk}} of {{order.number}}"}
      - hold: please look
      - release: {hold: by_rule}
      - release: risk
      - tag: risky
      - tag: [risky, "=order.channel"]
      - untag: {tags: [new]}
      - {note: "{{ order.total }} {{order.currency}}", if: order.total > 40.50}
      - assign: ops
      - assign: {to: nobody}
      - notify: {to: ops@example.com, text: "{{order.number}} is held", subject: Held}
        retry: {attempts: 5, first: 2s, max: 10m}
        timeout: 10s
    stop: true
  - id: score
    when: order.ready
    if: "order.lines.exists(l, l.qty > 3 && l.sku in ['A', 'B'])"
    then:
      - id: ask
        http:
          via: crm
          method: PUT
          path: "/score/{{order.id}}"
          json: {number: "=order.number", total: "=order.total", lines: [1, "{{order.units}}", null, true]}
          take: {score: body.score}
          idempotent: true
        else:
          - hold: "No score: {{error.message}}"
          - stop: true
      - if: steps.ask.score > 5
        cancel: {reason: "Score {{steps.ask.score}}"}
        else: [{note: "{{error.code}}"}]
      - wait: 2h
      - wait: {until: order.shipped, for: 3d}
        else: [{capture: true}]
      - buy_label: true
      - cancel: too late
  - id: split
    when: order.verified
    then: [{split: {by: location, only: when_needed}}]
  - id: heavy
    when: order.routed
    if: order.weight_g > 20000
    then:
      - route: boston
      - route: {to: [boston, toronto]}
        else: [{route: [toronto]}]
      - label: {via: post, choose: fastest, max: 40.00, format: zpl, services: [UPS Ground, "FedEx *"]}
        else: [{hold: {reason: "No label: {{error.message}}"}}]
  - id: cheap
    when: order.routed
    then: [{label: {max: "19.90", services: UPS *}}]
  - {id: low, when: stock.low, if: stock.available < 5, then: [{set_buffer: {channel: shop, units: 2}}]}
  - {id: lost, when: connection.lost, then: [{notify: {to: [ops@example.com], text: "{{connection.name}}"}}]}
  - {id: daily, every: weekday at 17:00, location: toronto, then: [{notify: {via: mail, to: ops@example.com, text: "{{orders.ready}}"}}]}
  - {id: often, every: 2h, if: orders.on_hold > 0, then: [{stop: true}]}
"""
HEAD = GOOD[: GOOD.index("rules:")].replace(
    "  mail: {use: email", "  crm: {use: bogus, with: {plays: tool}}\n  mail: {use: email"
)
RICH = HEAD + RULES
