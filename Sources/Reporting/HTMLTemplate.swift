/// The page's template (Mustache) and style. `{{x}}` is escaped by the renderer; `{{{x}}}` holds charts only, whose
/// texts `Chart` has escaped.
enum HTMLTemplate {
    static let style = """
        :root{--ink:#1d2733;--soft:#5b6672;--line:#dfe4ea;--paper:#fff;--back:#f5f7f9;--navy:#1f3a5f;
        --error:#b3392f;--warning:#b87a12;--notice:#4a7ba6;--good:#3b7d4f}
        *{box-sizing:border-box}
        body{margin:0;background:var(--back);color:var(--ink);font:15px/1.65 "Noto Sans CJK SC","Source Han Sans SC",
        "Microsoft YaHei","PingFang SC",system-ui,sans-serif}
        header.top{background:var(--navy);color:#fff;padding:28px 0 24px}
        header.top p{margin:4px 0 0;color:#cfd9e4;font-size:14px}
        h1{font-size:26px;margin:0;font-weight:600;letter-spacing:.02em}
        .wrap{max-width:1080px;margin:0 auto;padding:0 24px}
        nav{background:var(--paper);border-bottom:1px solid var(--line)}
        nav .wrap{display:flex;flex-wrap:wrap;gap:4px 22px;padding-top:10px;padding-bottom:10px;font-size:14px}
        a{color:var(--navy)} nav a{text-decoration:none} nav a:hover,nav a:focus{text-decoration:underline}
        .verdict{font-size:17px;margin:26px 0 18px;padding:16px 20px;background:var(--paper);border:1px solid var(--line);
        border-left:5px solid var(--good);border-radius:4px}
        .verdict.bad{border-left-color:var(--error)} .verdict.mild{border-left-color:var(--warning)}
        .cards{display:grid;grid-template-columns:repeat(auto-fit,minmax(150px,1fr));gap:14px;margin:0 0 8px}
        .card{background:var(--paper);border:1px solid var(--line);border-radius:4px;padding:14px 18px}
        .card b{display:block;font-size:28px;font-weight:600;line-height:1.25;font-variant-numeric:tabular-nums}
        .card span{color:var(--soft);font-size:13px}
        .card.error b{color:var(--error)} .card.warning b{color:var(--warning)} .card.notice b{color:var(--notice)}
        .card.good b{color:var(--good)}
        section{background:var(--paper);border:1px solid var(--line);border-radius:4px;padding:20px 24px 22px;margin:20px 0}
        h2{font-size:19px;margin:0 0 4px;color:var(--navy);font-weight:600} h3{font-size:15px;margin:22px 0 6px}
        p.lead{color:var(--soft);margin:0 0 14px;font-size:14px}
        .scroll{overflow-x:auto}
        table{border-collapse:collapse;width:100%;font-size:13.5px;font-variant-numeric:tabular-nums}
        caption{text-align:left;color:var(--soft);font-size:13px;padding:4px 0}
        th,td{padding:6px 10px;border-bottom:1px solid var(--line);text-align:left;vertical-align:top}
        thead th{background:#eef2f6;font-weight:600;white-space:nowrap}
        td.n,th.n{text-align:right;white-space:nowrap} tr.total td,tr.total th{font-weight:600;background:#f7f9fb}
        tbody th{font-weight:400;white-space:nowrap} .scroll td{min-width:5em} .scroll td.message{min-width:18em} td.key,td.place{white-space:nowrap}
        .tag{display:inline-block;padding:0 8px;border-radius:3px;font-size:12px;color:#fff;white-space:nowrap}
        .tag.error{background:var(--error)} .tag.warning{background:var(--warning)} .tag.notice{background:var(--notice)}
        .plus{color:var(--error)} .id{color:var(--soft);font-size:12px}
        details{margin:10px 0 0} summary{cursor:pointer;color:var(--navy)}
        details.rule{border:1px solid var(--line);border-radius:4px;padding:10px 14px;margin:8px 0}
        details.rule .count{float:right;font-weight:600}
        ul.todo{margin:6px 0 0;padding-left:22px} ul.todo li{margin:3px 0}
        svg.chart{width:100%;min-width:640px;height:auto;display:block;margin:8px 0 4px}
        svg text{font-size:13px;fill:var(--ink)} svg text.value,svg text.small{fill:var(--soft);font-size:12px}
        svg text.small{font-size:10.5px}
        rect.error{fill:var(--error)} rect.warning{fill:#d9a441} rect.notice{fill:#8fb0cd} rect.rows{fill:#6f8fb3}
        rect.lost{fill:#e0b8b3}
        rect.s1{fill:#9aa9b8} rect.s2{fill:#4a7ba6} rect.s3{fill:#3b7d4f} rect.s4{fill:#d9a441}
        .legend{font-size:13px;color:var(--soft);display:flex;flex-wrap:wrap;gap:4px 18px}
        .legend i{display:inline-block;width:12px;height:12px;border-radius:2px;margin-right:6px;vertical-align:-1px}
        .legend i.error{background:var(--error)} .legend i.warning{background:#d9a441} .legend i.notice{background:#8fb0cd}
        .legend i.s1{background:#9aa9b8} .legend i.s2{background:#4a7ba6} .legend i.s3{background:#3b7d4f}
        .legend i.s4{background:#d9a441}
        footer{color:var(--soft);font-size:13px;padding:6px 0 40px}
        @media(max-width:640px){.wrap{padding:0 12px} section{padding:14px 14px 16px} h1{font-size:21px}
        .verdict{font-size:15px} details.rule .count{float:none;margin-left:8px}}
        @media print{body{background:#fff;font-size:12px} nav{display:none} section,.card,.verdict{break-inside:avoid-page}
        section.long{break-inside:auto} header.top{background:#fff;color:#000;padding:0 0 10px} header.top p{color:#333}
        .wrap{max-width:none;padding:0} tr{break-inside:avoid}}
        """

    static let page = """
        <!DOCTYPE html>
        <html lang="{{lang}}">
        <head>
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
        <title>{{title}}</title>
        <style>
        {{{style}}}
        </style>
        </head>
        <body>
        <header class="top"><div class="wrap"><h1>{{title}}</h1><p>{{facts}}</p></div></header>
        <nav aria-label="{{w.contents}}"><div class="wrap">{{#nav}}<a href="#{{id}}">{{text}}</a>{{/nav}}</div></nav>
        <main class="wrap">
        <p class="verdict {{verdictClass}}">{{verdict}}</p>
        <div class="cards">{{#cards}}<div class="card {{style}}"><b>{{value}}</b><span>{{text}}</span></div>{{/cards}}</div>
        {{#hasTodo}}
        <section id="todo"><h2>{{w.todo}}</h2><p class="lead">{{w.todoLead}}</p>
        <ul class="todo">{{#todo}}<li>{{.}}</li>{{/todo}}</ul></section>
        {{/hasTodo}}
        {{#hasSteps}}
        <section id="steps"><h2>{{w.steps}}</h2><p class="lead">{{w.stepsLead}}</p>
        {{{stepChart}}}
        <div class="scroll"><table><thead><tr><th scope="col">{{w.step}}</th><th scope="col" class="n">{{w.in}}</th>
        <th scope="col" class="n">{{w.out}}</th><th scope="col" class="n">{{w.seconds}}</th>
        <th scope="col">{{w.status}}</th></tr></thead><tbody>
        {{#steps}}<tr><th scope="row">{{title}}</th><td class="n">{{in}}</td><td class="n">{{out}}</td>
        <td class="n">{{seconds}}</td><td>{{status}}</td></tr>{{/steps}}
        </tbody></table></div>
        {{#hasLoads}}<h3>{{w.loads}}</h3><div class="scroll"><table><thead><tr><th scope="col">{{w.table}}</th>
        {{#loadColumns}}<th scope="col" class="n">{{.}}</th>{{/loadColumns}}</tr></thead><tbody>
        {{#loadTotals}}<tr><th scope="row">{{table}}</th>{{#numbers}}<td class="n">{{.}}</td>{{/numbers}}</tr>{{/loadTotals}}
        </tbody></table></div>
        <details><summary>{{loadsText}}</summary><div class="scroll"><table><thead><tr><th scope="col">{{w.court}}</th>
        <th scope="col">{{w.table}}</th>{{#loadColumns}}<th scope="col" class="n">{{.}}</th>{{/loadColumns}}</tr></thead><tbody>
        {{#loads}}<tr><th scope="row">{{court}}</th><td>{{table}}</td>{{#numbers}}<td class="n">{{.}}</td>{{/numbers}}</tr>{{/loads}}
        </tbody></table></div></details>{{/hasLoads}}
        </section>
        {{/hasSteps}}
        {{#hasFindings}}
        <section id="courts"><h2>{{w.byCourt}}</h2><p class="lead">{{w.byCourtLead}}</p>
        {{{courtChart}}}
        <div class="legend"><span><i class="error"></i>{{w.error}}</span><span><i class="warning"></i>{{w.warning}}</span>
        <span><i class="notice"></i>{{w.notice}}</span></div>
        <p class="lead">{{withoutCourt}}</p></section>
        <section id="rules" class="long"><h2>{{w.byRule}}</h2><p class="lead">{{w.byRuleLead}}</p>
        {{{ruleChart}}}
        {{#rules}}<details class="rule"><summary><span class="tag {{style}}">{{severity}}</span> {{title}}
        <span class="id">{{id}}</span><span class="count">{{count}}</span></summary>
        <p class="lead">{{courts}}</p>
        {{#hasSamples}}<div class="scroll"><table><caption>{{samplesText}}</caption><thead><tr><th scope="col">{{w.court}}</th>
        <th scope="col">{{w.table}}</th><th scope="col">{{w.key}}</th><th scope="col">{{w.message}}</th>
        {{#hasPlace}}<th scope="col">{{w.place}}</th>{{/hasPlace}}</tr></thead><tbody>
        {{#samples}}<tr><td>{{court}}</td><td>{{table}}</td><td class="key">{{key}}</td><td class="message">{{message}}</td>
        {{#hasPlace}}<td>{{place}}</td>{{/hasPlace}}</tr>{{/samples}}
        </tbody></table></div>{{/hasSamples}}</details>{{/rules}}
        </section>
        {{/hasFindings}}
        {{#hasDifferences}}
        <section id="differences" class="long"><h2>{{w.differences}}</h2><p class="lead">{{w.differencesLead}}</p>
        <div class="scroll"><table><thead><tr><th scope="col">{{w.court}}</th><th scope="col">{{w.kind}}</th>
        <th scope="col">{{w.formRowColumn}}</th><th scope="col" class="n">{{w.expected}}</th>
        <th scope="col" class="n">{{w.actual}}</th><th scope="col" class="n">{{w.difference}}</th>
        <th scope="col">{{w.message}}</th></tr></thead><tbody>
        {{#differences}}<tr><th scope="row">{{court}}</th><td>{{kind}}</td><td class="place">{{place}}</td><td class="n">{{expected}}</td>
        <td class="n">{{actual}}</td><td class="n plus">{{difference}}</td><td class="message">{{message}}</td></tr>{{/differences}}
        </tbody></table></div>{{#moreDifferences}}<p class="lead">{{.}}</p>{{/moreDifferences}}</section>
        {{/hasDifferences}}
        {{#forms}}
        <section id="{{id}}" class="long"><h2>{{title}}</h2><p class="lead">{{lead}}</p>
        {{{chart}}}
        {{#hasChart}}<div class="legend">{{#series}}<span><i class="{{style}}"></i>{{text}}</span>{{/series}}</div>{{/hasChart}}
        {{#courts}}<details {{open}}><summary>{{court}}</summary><div class="scroll"><table><thead><tr><th scope="col">{{w.item}}</th>
        {{#columns}}<th scope="col" class="n">{{.}}</th>{{/columns}}</tr></thead><tbody>
        {{#rows}}<tr class="{{style}}"><th scope="row">{{title}}</th>{{#cells}}<td class="n">{{.}}</td>{{/cells}}</tr>{{/rows}}
        </tbody></table></div></details>{{/courts}}
        </section>
        {{/forms}}
        {{#hasQuarantine}}
        <section id="quarantine"><h2>{{w.quarantine}}</h2><p class="lead">{{w.quarantineLead}}</p>
        <div class="scroll"><table><thead><tr><th scope="col">{{w.court}}</th><th scope="col">{{w.table}}</th>
        <th scope="col">{{w.reason}}</th><th scope="col" class="n">{{w.rows}}</th><th scope="col">{{w.batch}}</th></tr></thead><tbody>
        {{#quarantine}}<tr><th scope="row">{{court}}</th><td>{{table}}</td><td>{{reason}}</td><td class="n">{{rows}}</td>
        <td>{{batch}}</td></tr>{{/quarantine}}
        </tbody></table></div>{{#moreQuarantine}}<p class="lead">{{.}}</p>{{/moreQuarantine}}</section>
        {{/hasQuarantine}}
        {{#hasRuleTable}}
        <section id="judged" class="long"><h2>{{w.judged}}</h2><p class="lead">{{w.judgedLead}}</p>
        {{#hasIdle}}<p>{{idleText}}</p>{{/hasIdle}}
        <details><summary>{{w.allRules}}</summary><div class="scroll"><table><thead><tr><th scope="col">{{w.rule}}</th>
        <th scope="col">{{w.subject}}</th>{{#ruleColumns}}<th scope="col" class="n">{{.}}</th>{{/ruleColumns}}</tr></thead><tbody>
        {{#ruleTable}}<tr><th scope="row">{{title}} <span class="id">{{id}}</span></th><td>{{subject}}</td>
        {{#numbers}}<td class="n">{{.}}</td>{{/numbers}}</tr>{{/ruleTable}}
        </tbody></table></div></details></section>
        {{/hasRuleTable}}
        {{#hasDiagnostics}}
        <section id="diagnostics"><h2>{{w.diagnostics}}</h2><ul class="todo">{{#diagnostics}}<li>{{.}}</li>{{/diagnostics}}</ul></section>
        {{/hasDiagnostics}}
        </main>
        <footer class="wrap">{{footer}}</footer>
        </body>
        </html>

        """
}
