"""Broken rules, each with every message that it gives: a newcomer must be able to mend it from these words alone.

The last column says whether an editor knows too, by the schema; what is no YAML it knows by itself.
"""

BROKEN: tuple[tuple[str, tuple[str, ...], bool], ...] = (
    (
        """\
rule:
  - {id: r, when: order.ready, then: [{note: x}]}
""",
        (
            "1:1: unknown key 'rule'; did you mean 'rules'?",
        ),
        True,
    ),
    (
        """\
rules:
  id: r
  when: order.ready
""",
        (
            "2:3: rules: a list is wanted here; write a dash before the first key of each, as in - id: ...",
        ),
        True,
    ),
    (
        """\
rules: hold everything
""",
        (
            "1:8: rules: a list is wanted here; write a dash before the first key of each, as in - id: ...",
        ),
        True,
    ),
    (
        """\
rules:
  - when order.ready then note
""",
        (
            "2:5: rules[0]: names and values are wanted here; its keys are: id, name, when, every, location, if, then, stop, overrides",
        ),
        True,
    ),
    (
        """\
rules:
  - note: x
""",
        (
            "2:5: 'id' is missing in rules[0]",
            "2:5: 'then' is missing in rules[0]",
            "2:5: rules: a rule begins with when: or with every:, one of the two",
            "2:5: unknown key 'note' in rules[0]; it belongs into a step, under then:",
        ),
        True,
    ),
    (
        """\
rules:
  - {id: r, when: order.ready, do: [{note: x}]}
""",
        (
            "2:5: 'then' is missing in rules[0]",
            "2:32: unknown key 'do' in rules[0]; did you mean 'then'?",
        ),
        True,
    ),
    (
        """\
rules:
  - {id: r, on: order.ready, then: [{note: x}]}
""",
        (
            "2:5: rules: a rule begins with when: or with every:, one of the two",
            "2:13: unknown key 'on' in rules[0]; did you mean 'when'?",
        ),
        True,
    ),
    (
        """\
rules:
  - id: r
    when: order.ready
    then:
      hold: risky
""",
        (
            "5:7: then: a list of steps is wanted here, each after a dash, as in - note: text",
        ),
        True,
    ),
    (
        """\
rules:
  - id: r
    when: order.ready
    then:
      - hold
""",
        (
            "5:9: then[0]: names and values are wanted here, as in hold: ...",
        ),
        True,
    ),
    (
        """\
rules:
  - id: r
    when: order.ready
    then:
      - hold:
""",
        (
            "5:9: hold: nothing is given here; write a value, or take 'hold:' out",
        ),
        True,
    ),
    (
        """\
rules:
  - id: r
    when: order.ready
    then:
      - hold: {}
""",
        (
            "5:9: 'reason' is missing in rules[0].then[0].hold",
        ),
        True,
    ),
    (
        """\
rules:
  - id: r
    when: order.ready
    then:
      - hold: {resaon: risky}
""",
        (
            "5:9: 'reason' is missing in rules[0].then[0].hold",
            "5:16: unknown key 'resaon' in rules[0].then[0].hold; did you mean 'reason'?",
        ),
        True,
    ),
    (
        """\
rules:
  - {id: r, when: order.ready, then: [{hold: risky, tag: vip}]}
""",
        (
            "2:39: then: one action is wanted in a step, not hold and tag",
        ),
        True,
    ),
    (
        """\
rules:
  - {id: r, when: order.ready, then: [{if: order.test}]}
""",
        (
            "2:39: then: one action is wanted in a step: assign, buy_label, cancel, capture, hold, http, label, note, notify, release, route, split, stop, tag, untag, wait",
        ),
        True,
    ),
    (
        """\
rules:
  - {id: r, when: order.ready, then: [{cancle: fraud}]}
""",
        (
            "2:40: unknown key 'cancle' in rules[0].then[0]; did you mean 'cancel'?",
        ),
        True,
    ),
    (
        """\
rules:
  - {id: r, when: order.ready, then: [{email: {to: ops@example.com}}]}
""",
        (
            "2:40: unknown key 'email' in rules[0].then[0]; did you mean 'notify'?",
        ),
        True,
    ),
    (
        """\
rules:
  - {id: r, when: order.created, then: [{note: x}]}
""",
        (
            "2:19: when: 'order.created' is no trigger; did you mean 'order.received'?",
        ),
        True,
    ),
    (
        """\
rules:
  - {id: r, when: order.verifed, then: [{note: x}]}
""",
        (
            "2:19: when: 'order.verifed' is no trigger; did you mean 'order.verified'?",
        ),
        True,
    ),
    (
        """\
rules:
  - {id: r, when: [order.ready, stock.low], then: [{stop: true}]}
""",
        (
            "2:19: when: these are about different things; write a rule for each",
        ),
        False,
    ),
    (
        """\
rules:
  - {id: r, when: order.ready, every: 2h, then: [{stop: true}]}
""",
        (
            "2:5: rules: a rule begins with when: or with every:, one of the two",
        ),
        True,
    ),
    (
        """\
rules:
  - {id: r, then: [{stop: true}]}
""",
        (
            "2:5: rules: a rule begins with when: or with every:, one of the two",
        ),
        True,
    ),
    (
        """\
rules:
  - {when: order.ready, then: [{note: x}]}
""",
        (
            "2:5: 'id' is missing in rules[0]",
        ),
        True,
    ),
    (
        """\
rules:
  - {id: r, when: order.ready}
""",
        (
            "2:5: 'then' is missing in rules[0]",
        ),
        True,
    ),
    (
        """\
rules:
  - {id: r, when: order.ready, then: []}
""",
        (
            "2:38: then: 1 or more are wanted, not 0",
        ),
        True,
    ),
    (
        """\
rules:
  - {id: r, when: order.ready, location: boston, then: [{stop: true}]}
""",
        (
            "2:32: location goes with every: in its zone the hours count",
        ),
        True,
    ),
    (
        """\
rules:
  - {id: r, when: stock.low, then: [{tag: low}]}
""",
        (
            "2:38: 'tag' is nothing that a rule about stock can do; it can: http, notify, set_buffer, stop, wait",
        ),
        True,
    ),
    (
        """\
rules:
  - {id: r, when: order.ready, then: [{set_buffer: {channel: shop, units: 2}}]}
""",
        (
            "2:40: 'set_buffer' is nothing that a rule about orders can do; it can: assign, buy_label, cancel, capture, hold, http, label, note, notify, release, route, split, stop, tag, untag, wait",
        ),
        True,
    ),
    (
        """\
rules:
  - {id: r, when: order.ready, if: order.totl > 5, then: [{stop: true}]}
""",
        (
            "2:42: if: order has no 'totl'; did you mean 'total'?",
        ),
        False,
    ),
    (
        """\
rules:
  - {id: r, when: order.ready, if: total > 5, then: [{stop: true}]}
""",
        (
            "2:36: if: there is no 'total' here; did you mean 'order.total'?",
        ),
        False,
    ),
    (
        """\
rules:
  - {id: r, when: order.ready, if: order.ship_to.contry == 'US', then: [{stop: true}]}
""",
        (
            "2:50: if: order.ship_to has no 'contry'; did you mean 'country'?",
        ),
        False,
    ),
    (
        """\
rules:
  - {id: r, when: order.ready, if: order.ship_to.name == 'Ada', then: [{stop: true}]}
""",
        (
            "2:50: if: order.ship_to has no 'name' (one of: complete, country, known, military, po_box, state)",
        ),
        False,
    ),
    (
        """\
rules:
  - {id: r, when: order.ready, if: order.ship_to.country = 'US', then: [{stop: true}]}
""",
        (
            "2:58: if: to compare, write ==",
        ),
        False,
    ),
    (
        """\
rules:
  - {id: r, when: order.ready, if: order.ship_to.country == US, then: [{stop: true}]}
""",
        (
            "2:61: if: there is no 'US' here; text is put in quotes: 'US'",
        ),
        False,
    ),
    (
        """\
rules:
  - {id: r, when: order.ready, if: order.risk > "70", then: [{stop: true}]}
""",
        (
            "2:47: if: '>' does not compare a whole number with text; write 70, without quotes",
        ),
        False,
    ),
    (
        """\
rules:
  - {id: r, when: order.ready, if: order.number == 5, then: [{stop: true}]}
""",
        (
            "2:49: if: text never equals a whole number; write '5', in quotes",
        ),
        False,
    ),
    (
        """\
rules:
  - {id: r, when: order.ready, if: order.total, then: [{stop: true}]}
""",
        (
            "2:36: if: true or false is wanted here, and this is money; compare it with something",
        ),
        False,
    ),
    (
        """\
rules:
  - {id: r, when: order.ready, if: order.total * 1.1 > 50, then: [{stop: true}]}
""",
        (
            "2:36: if: money is compared here, never computed with; the hub does that itself, exactly",
        ),
        False,
    ),
    (
        """\
rules:
  - {id: r, when: order.ready, if: order.test and order.risk > 3, then: [{stop: true}]}
""",
        (
            "2:47: if: write && instead of 'and'",
        ),
        False,
    ),
    (
        """\
rules:
  - {id: r, when: order.ready, if: size(order.lines > 3, then: [{stop: true}]}
""",
        (
            "2:40: if: this ( is not closed",
        ),
        False,
    ),
    (
        """\
rules:
  - {id: r, when: order.ready, if: order.ship_to.country in ['US', 'CA'], then: [{stop: true}]}
""",
        (
            "2:61: this is no YAML: an expression with brackets inside of { } or [ ] is put in quotes, all of it",
        ),
        False,
    ),
    (
        """\
rules:
  - {id: r, when: order.ready, if: , then: [{stop: true}]}
""",
        (
            "2:32: if: nothing is given here; write a value, or take 'if:' out",
        ),
        True,
    ),
    (
        """\
rules:
  - {id: r, when: order.ready, if: true, then: [{stop: true}]}
""",
        (
            '2:36: if: text is wanted; put it in quotes: "true"',
        ),
        True,
    ),
    (
        """\
rules:
  - {id: r, when: order.ready, if: order.tags == 'vip', then: [{stop: true}]}
""",
        (
            "2:36: if: this is a list and never equals text; write 'x' in list",
        ),
        False,
    ),
    (
        """\
rules:
  - {id: r, when: order.ready, if: order.placed_at > '2026-01-01', then: [{stop: true}]}
""",
        (
            "2:52: if: '>' does not compare a time with text; write timestamp('2026-12-01T00:00:00Z')",
        ),
        False,
    ),
    (
        """\
rules:
  - {id: r, when: order.ready, if: error.code == 'x', then: [{stop: true}]}
""",
        (
            "2:36: if: there is no 'error' here; why a step failed is known in its else: only",
        ),
        False,
    ),
    (
        """\
rules:
  - {id: r, when: stock.low, if: order.total > 5, then: [{stop: true}]}
""",
        (
            "2:34: if: there is no 'order' here (one of: event, now, stock)",
        ),
        False,
    ),
    (
        """\
rules:
  - {id: r, every: daily, then: [{note: x}]}
""",
        (
            "2:20: every: 'daily' is no schedule; write day at 17:00, weekday at 17:00, mon at 09:00, or 2h",
            "2:35: 'note' is nothing that a rule that the clock starts can do; it can: http, notify, stop, wait",
        ),
        True,
    ),
    (
        """\
rules:
  - {id: r, every: day at 5pm, then: [{stop: true}]}
""",
        (
            "2:20: every: 'day at 5pm' is no schedule; write day at 17:00",
        ),
        True,
    ),
    (
        """\
rules:
  - {id: r, every: day at 25:00, then: [{stop: true}]}
""",
        (
            '2:20: every: \'25:00\' is no time of day; write hours and minutes, as in "15:00"',
        ),
        True,
    ),
    (
        """\
rules:
  - {id: r, every: monday at 09:00, then: [{stop: true}]}
""",
        (
            "2:20: every: 'monday at 09:00' is no schedule; write mon at 09:00",
        ),
        True,
    ),
    (
        """\
rules:
  - {id: r, every: 30s, then: [{stop: true}]}
""",
        (
            "2:20: every: '30s' is too often; 1m is the most",
        ),
        True,
    ),
    (
        """\
rules:
  - {id: r, every: {at: "17:00"}, then: [{stop: true}]}
""",
        (
            "2:20: every: this is no schedule; write day at 17:00, weekday at 17:00, mon at 09:00, or 2h",
        ),
        True,
    ),
    (
        """\
rules:
  - {id: r, every: 2h, then: [{hold: x}]}
""",
        (
            "2:32: 'hold' is nothing that a rule that the clock starts can do; it can: http, notify, stop, wait",
        ),
        True,
    ),
    (
        """\
rules:
  - {id: r, every: 2h, location: bosten, then: [{stop: true}]}
""",
        (
            "2:34: location: no location is named 'bosten'; did you mean 'boston'?",
        ),
        False,
    ),
    (
        """\
rules:
  - {id: r, when: order.ready, if: order.lines.any(l, l.qty > 3), then: [{stop: true}]}
""",
        (
            "2:55: 'l.qty > 3)' is no key: a comma ends a value in { }; put the whole expression in quotes",
        ),
        True,
    ),
    (
        """\
rules:
  - {id: r, when: order.ready, if: "{{order.total}} > 5", then: [{stop: true}]}
""",
        (
            "2:37: if: this is an expression already; write it without {{ }}",
        ),
        False,
    ),
    (
        """\
rules:
  - {id: r, when: order.ready, if: {{order.total}} > 5, then: [{stop: true}]}
""",
        (
            "2:36: this is no YAML: text with {{ }} is put in quotes, all of it",
        ),
        False,
    ),
    (
        """\
rules:
  - id: r
    when: order.ready
    if: {{order.total}} > 5
    then: [{stop: true}]
""",
        (
            "4:9: this is no YAML: text with {{ }} is put in quotes, all of it",
        ),
        False,
    ),
    (
        """\
rules:
  - id: r
    when: order.ready
    then:
      - note: {{order.number}} is ready
""",
        (
            "5:15: this is no YAML: text with {{ }} is put in quotes, all of it",
        ),
        False,
    ),
    (
        """\
rules:
  - id: r
    when: order.ready
    then:
      - note: "{{order.number is ready"
""",
        (
            "5:16: note: these {{ are not closed; write }} after the expression",
        ),
        False,
    ),
    (
        """\
rules:
  - id: r
    when: order.ready
    then:
      - note: "{{ }}"
""",
        (
            "5:16: note: nothing stands between these {{ and }}",
        ),
        False,
    ),
    (
        """\
rules:
  - id: r
    when: order.ready
    then:
      - note: "Total {{order.total + 5}}"
""",
        (
            "5:24: note: money is compared here, never computed with; the hub does that itself, exactly",
        ),
        False,
    ),
    (
        """\
rules:
  - id: r
    when: order.ready
    then:
      - note: "To {{order.ship_to}}"
""",
        (
            "5:21: note: this has several named values; name one of them",
        ),
        False,
    ),
    (
        """\
rules:
  - id: r
    when: order.ready
    then:
      - http: {via: crm, json: {total: "=order.totl"}}
""",
        (
            "5:48: total: order has no 'totl'; did you mean 'total'?",
        ),
        False,
    ),
    (
        """\
rules:
  - id: r
    when: order.ready
    then:
      - http: {via: crm, json: {total: "=order.total * 2"}}
""",
        (
            "5:42: total: money is compared here, never computed with; the hub does that itself, exactly",
        ),
        False,
    ),
    (
        """\
rules:
  - id: r
    when: order.ready
    then:
      - http: {via: crm, path: "/score/{{order.numbr}}"}
""",
        (
            "5:48: path: order has no 'numbr'; did you mean 'number'?",
        ),
        False,
    ),
    (
        """\
rules:
  - id: r
    when: order.ready
    then:
      - http: {via: shop, path: /x}
""",
        (
            "5:21: via: 'shop' uses shopify, which asks no address; name a connection with use: hooks",
        ),
        False,
    ),
    (
        """\
rules:
  - id: r
    when: order.ready
    then:
      - http: {path: /x}
""",
        (
            "5:9: 'via' is missing in rules[0].then[0].http",
        ),
        True,
    ),
    (
        """\
rules:
  - id: r
    when: order.ready
    then:
      - http: {via: crm, method: get}
""",
        (
            "5:34: method: 'get' is written GET here",
        ),
        True,
    ),
    (
        """\
rules:
  - id: r
    when: order.ready
    then:
      - id: ask
        http: {via: crm, take: {score: score}}
      - if: steps.ask.scor > 5
        note: x
""",
        (
            "7:23: if: steps.ask has no 'scor'; did you mean 'score'?",
        ),
        False,
    ),
    (
        """\
rules:
  - id: r
    when: order.ready
    then:
      - id: ask
        http: {via: crm, take: {score: score}}
      - if: steps.aks.score > 5
        note: x
""",
        (
            "7:19: if: steps has no 'aks'; did you mean 'ask'?",
        ),
        False,
    ),
    (
        """\
rules:
  - id: r
    when: order.ready
    then:
      - {id: a, note: x}
      - {id: a, note: y}
""",
        (
            "6:14: id: step 'a' is given twice in this rule; first in line 5",
        ),
        False,
    ),
    (
        """\
rules:
  - {id: r, when: order.ready, then: [{note: x}]}
  - {id: r, when: order.held, then: [{note: y}]}
""",
        (
            "3:10: id: rule 'r' is given twice; first in line 2",
        ),
        False,
    ),
    (
        """\
rules:
  - {id: r, when: order.ready, then: [{tag: VIP}]}
""",
        (
            "2:45: tag: 'VIP' is no tag; write small letters, digits and '-', at most 40",
        ),
        True,
    ),
    (
        """\
rules:
  - {id: r, when: order.ready, then: [{tag: [vip, very important]}]}
""",
        (
            "2:45: tag: 'very important' is no tag; write small letters, digits and '-', at most 40",
        ),
        True,
    ),
    (
        """\
rules:
  - {id: r, when: order.ready, then: [{tag: 5}]}
""",
        (
            '2:45: tag: text is wanted; put it in quotes: "5"',
        ),
        True,
    ),
    (
        """\
rules:
  - {id: r, when: order.ready, then: [{notify: {to: ops, text: x}}]}
""",
        (
            "2:53: to: 'ops' is no mail address; write one as in ops@example.com",
        ),
        True,
    ),
    (
        """\
rules:
  - {id: r, when: order.ready, then: [{notify: {to: ops@example.com}}]}
""",
        (
            "2:40: 'text' is missing in rules[0].then[0].notify",
        ),
        True,
    ),
    (
        """\
rules:
  - {id: r, when: order.ready, then: [{notify: "look"}]}
""",
        (
            "2:48: notify: names and values are wanted here; its keys are: to, via, subject, text",
        ),
        True,
    ),
    (
        """\
rules:
  - {id: r, when: order.ready, then: [{notify: {text: x}}]}
""",
        (
            "2:48: notify: whom? write to: with a mail address, or via: with a connection that uses hooks",
        ),
        False,
    ),
    (
        """\
rules:
  - {id: r, when: order.ready, then: [{notify: {to: ops@example.com, message: x}}]}
""",
        (
            "2:40: 'text' is missing in rules[0].then[0].notify",
            "2:70: unknown key 'message' in rules[0].then[0].notify; did you mean 'text'?",
        ),
        True,
    ),
    (
        """\
rules:
  - {id: r, when: order.ready, then: [{http: {via: crm}, retry: {attempts: 50}}]}
""",
        (
            "2:76: attempts: '50' must be at most 20",
        ),
        True,
    ),
    (
        """\
rules:
  - {id: r, when: order.ready, then: [{http: {via: crm}, retry: 5}]}
""",
        (
            "2:65: retry: names and values are wanted here; its keys are: attempts, first, max",
        ),
        True,
    ),
    (
        """\
rules:
  - {id: r, when: order.ready, then: [{http: {via: crm}, retry: {first: 2}}]}
""",
        (
            "2:73: first: '2' is no length of time; write a number and s, m, h or d, as in 15m",
        ),
        True,
    ),
    (
        """\
rules:
  - {id: r, when: order.ready, then: [{hold: x, retry: {attempts: 2}}]}
""",
        (
            "2:49: retry: 'hold' cannot be tried again; retry goes with http, label, notify",
        ),
        True,
    ),
    (
        """\
rules:
  - {id: r, when: order.ready, then: [{http: {via: crm}, timeout: 5m}]}
""",
        (
            "2:67: timeout: '5m' is too long; 30s is the most",
        ),
        False,
    ),
    (
        """\
rules:
  - {id: r, when: order.ready, then: [{wait: 400d}]}
""",
        (
            "2:46: wait: '400d' is too long; 365d is the most",
        ),
        False,
    ),
    (
        """\
rules:
  - {id: r, when: order.ready, then: [{wait: 0h}]}
""",
        (
            "2:46: wait: '0s' is no time at all; write more",
        ),
        False,
    ),
    (
        """\
rules:
  - {id: r, when: order.ready, then: [{wait: 2 hours}]}
""",
        (
            "2:46: wait: '2 hours' is no length of time; write 2h",
        ),
        True,
    ),
    (
        """\
rules:
  - {id: r, when: order.ready, then: [{wait: 5}]}
""",
        (
            "2:46: wait: '5' is no length of time; write a number and s, m, h or d, as in 15m",
        ),
        True,
    ),
    (
        """\
rules:
  - {id: r, when: order.ready, then: [{wait: {until: order.delivred}}]}
""",
        (
            "2:54: until: 'order.delivred' is no trigger; did you mean 'order.delivered'?",
        ),
        True,
    ),
    (
        """\
rules:
  - {id: r, when: order.ready, then: [{release: by_rle}]}
""",
        (
            "2:49: release: 'by_rle' is no hold; did you mean 'by_rule'?",
        ),
        True,
    ),
    (
        """\
rules:
  - {id: r, when: order.ready, then: [{release: backordered}]}
""",
        (
            "2:49: release: 'backordered' goes away when its cause is mended; released can be: by_person, by_rule, before_go_live, risk, payment_short, payment_currency, payment_mismatch, capture_declined, address_changed_after_label, withdrawn, total_mismatch, no_rate, no_box",
        ),
        True,
    ),
    (
        """\
rules:
  - {id: r, when: order.ready, then: [{route: bostn}]}
""",
        (
            "2:47: route: no location is named 'bostn'; did you mean 'boston'?",
        ),
        False,
    ),
    (
        """\
rules:
  - {id: r, when: order.ready, then: [{label: {via: pots}}]}
""",
        (
            "2:53: via: no connection is named 'pots'; did you mean 'post'?",
        ),
        False,
    ),
    (
        """\
rules:
  - {id: r, when: order.ready, then: [{label: cheapest}]}
""",
        (
            "2:47: label: names and values are wanted here; its keys are: via, choose, max, format, services",
        ),
        True,
    ),
    (
        """\
rules:
  - {id: r, when: order.ready, then: [{label: {max: "=order.shipping"}}]}
""",
        (
            "2:53: max: '=order.shipping' is no price; write a number above 0, as in 40.00",
        ),
        True,
    ),
    (
        """\
rules:
  - {id: r, when: order.ready, then: [{label: {services: UPSGround}}]}
""",
        (
            '2:58: services: \'UPSGround\' names no service; write carrier and service, as in UPS Ground or "UPS *"',
        ),
        True,
    ),
    (
        """\
rules:
  - {id: r, when: order.ready, then: [{capture: yes}]}
""",
        (
            "2:49: capture: 'yes' is not wanted here; write true, or take the key out",
        ),
        True,
    ),
    (
        """\
rules:
  - {id: r, when: order.ready, then: [{stop: false}]}
""",
        (
            "2:46: stop: 'false' is not wanted here; write true, or take the key out",
        ),
        True,
    ),
    (
        """\
rules:
  - {id: r, when: order.ready, stop: yes, then: [{note: x}]}
""",
        (
            "2:38: stop: true or false is wanted; write true",
        ),
        True,
    ),
    (
        """\
rules:
  - {id: r, when: stock.low, then: [{set_buffer: {channel: shpo, units: 2}}]}
""",
        (
            "2:60: channel: no connection is named 'shpo'; did you mean 'shop'?",
        ),
        False,
    ),
    (
        """\
rules:
  - {id: r, when: stock.low, then: [{set_buffer: {channel: shop, units: two}}]}
""",
        (
            "2:73: units: a whole number is wanted",
        ),
        True,
    ),
    (
        """\
rules:
  - {id: r, when: order.ready, then: [{hold: x, else: [{note: y}]}]}
""",
        (
            "2:49: else: 'hold' cannot fail; else goes with assign, cancel, http, label, notify, release, route, wait",
        ),
        True,
    ),
    (
        """\
rules:
  - {id: r, when: order.ready, then: [{http: {via: crm}, else: {note: y}}]}
""",
        (
            "2:64: else: a list of steps is wanted here, each after a dash, as in - note: text",
        ),
        True,
    ),
    (
        """\
rules:
  - {id: r, when: order.ready, then: [{http: {via: crm}, else: [{note: "{{error.msg}}"}]}]}
""",
        (
            "2:81: note: error has no 'msg'; did you mean 'message'?",
        ),
        False,
    ),
    (
        """\
rules:
  - id: r
    when: order.ready
	then: [{note: x}]
""",
        (
            "4:1: this is no YAML: a tab cannot indent a line; write spaces",
        ),
        False,
    ),
    (
        """\
rules:
  - id: r
    when: order.ready
   then: [{note: x}]
""",
        (
            "4:4: this is no YAML: the indent of this line is that of no line above it",
        ),
        False,
    ),
    (
        """\
rules:
- id: r
  when: order.ready
  then:
  - note: x
   - tag: y
""",
        (
            "6:4: this is no YAML: the indent of this line is that of no line above it",
        ),
        False,
    ),
    (
        """\
rules:
  - {id: r, when: order.ready, then: [{note: x}]
""",
        (
            "2:5: this is no YAML: the '{' that opens here is not closed",
        ),
        False,
    ),
    (
        """\
rules:
  - {id: Rule 1, when: order.ready, then: [{note: x}]}
""",
        (
            "2:10: id: 'Rule 1' is no name; write small letters, digits, '-' and '_', as in rule-1",
        ),
        True,
    ),
    (
        """\
rules:
  - {id: 5, when: order.ready, then: [{note: x}]}
""",
        (
            '2:10: id: text is wanted; put it in quotes: "5"',
        ),
        True,
    ),
    (
        """\
rules:
  - {id: r, when: order.ready, then: [{note: "a: {{order.lines}}"}]}
""",
        (
            "2:52: note: this has several named values; name one of them",
        ),
        False,
    ),
    (
        """\
rules:
  - {id: r, when: order.ready, then: [{note: a: b}]}
""",
        (
            "2:47: this is no YAML: a second ': ' in this value; put the value in quotes",
        ),
        False,
    ),
    (
        """\
rules:
  - id: r
    when: order.ready
    then:
      - note: see: this
""",
        (
            "5:18: this is no YAML: a second ': ' in this line; put the value in quotes",
        ),
        False,
    ),
    (
        """\
rules:
  - {id: r, when: order.ready, if: "order.lines.exists(l, l.sku = 'A')", then: [{stop: true}]}
""",
        (
            "2:65: if: to compare, write ==",
        ),
        False,
    ),
    (
        """\
rules:
  - {id: r, when: order.ready, if: "order.lines.exists(l, line.sku == 'A')", then: [{stop: true}]}
""",
        (
            "2:59: if: there is no 'line' here (one of: event, l, now, order)",
        ),
        False,
    ),
    (
        """\
rules:
  - {id: r, when: order.ready, then: [{label: {}}]}
  - {id: s, when: order.ready, then: [{label: {}}]}
""",
        (
            "3:5: rules: 'r' and 's' both buy labels; keep one",
        ),
        False,
    ),
    (
        """\
rules:
  - {id: r, when: order.ready, then: [{assign: ""}]}
""",
        (
            "2:48: assign: this must not be empty",
        ),
        True,
    ),
    (
        """\
rules:
  - {id: r, when: order.ready, then: [{split: location}]}
""",
        (
            "2:47: split: names and values are wanted here; its keys are: by, only",
        ),
        True,
    ),
)  # fmt: skip
