// Tries reports in Chromium: check.mjs MODULES CHROMIUM OUT DIR...; see
// ../html-check.sh, which starts it. OUT may be empty.
import { execFileSync } from 'node:child_process';
import { readFileSync, existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

const [modules, executablePath, out, ...dirs] = process.argv.slice(2);
const require = createRequire(join(resolve(modules), 'package.json'));
const { chromium } = require('playwright-core');
const axeText = readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8');
const tags = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22a', 'wcag22aa', 'best-practice'];

let wrong = 0, checks = 0;
const lesser = new Map(); // axe's findings of lesser impact, by rule

const browser = await chromium.launch({ executablePath }).catch((err) => {
	console.error(`html-check: ${executablePath} does not start: ${err.message}`);
	process.exit(2);
});
console.log(`info  Chromium ${browser.version()}, playwright-core ${require('playwright-core/package.json').version}, axe-core ${require('axe-core/package.json').version}`);
for (const dir of dirs) {
	const start = Date.now(), before = wrong;
	try {
		await checkReport(dir);
	} catch (err) {
		wrong++;
		console.log(`WRONG ${dir}: ${err.stack}`);
	}
	console.log(`${wrong === before ? 'ok   ' : 'WRONG'} ${dir} (${((Date.now() - start) / 1000).toFixed(1)} s)`);
}
await browser.close();
for (const [rule, count] of lesser) console.log(`info  axe, not serious: ${rule}, ${count} times`);
console.log(`html-check: ${dirs.length} reports, ${checks} checks, ${wrong} wrong`);
process.exit(wrong ? 1 : 0);

async function checkReport(dir) {
	const file = join(dir, 'report.html'), url = pathToFileURL(resolve(file)).href;
	const text = readFileSync(file, 'utf8');
	const table = existsSync(join(dir, 'control-summary.csv')) ? controls(readFileSync(join(dir, 'control-summary.csv'), 'utf8')) : null;
	const name = basename(resolve(dir));
	const took = { sort: 0, search: 0 }; // milliseconds, told and not judged

	// expect counts a check and reports it if it does not hold.
	const expect = (what, got, want = true) => {
		checks++;
		if (JSON.stringify(got) === JSON.stringify(want)) return;
		wrong++;
		console.log(`WRONG ${dir}: ${what}: got ${JSON.stringify(got)?.slice(0, 600)}, want ${JSON.stringify(want)?.slice(0, 600)}`);
	};

	// open opens the report in a browser of its own, which notes all that a
	// report must not do.
	const open = async (options, address = url) => {
		const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, reducedMotion: 'reduce', ...options });
		await context.setOffline(true);
		context.setDefaultTimeout(60_000);
		const page = await context.newPage();
		const noted = [];
		page.on('request', (r) => { if (!r.url().startsWith(url)) noted.push('request of ' + r.url()); });
		page.on('console', (m) => noted.push('console: ' + m.text()));
		page.on('pageerror', (e) => noted.push('error: ' + e.message));
		page.on('dialog', (d) => { noted.push('dialog: ' + d.message()); d.dismiss(); });
		await page.addInitScript(() => {
			addEventListener('securitypolicyviolation', (e) => console.log('violation of ' + e.violatedDirective));
		});
		await page.goto(address);
		return { page, close: async (which) => { expect(`${which}: requests, messages, errors`, noted, []); await context.close(); } };
	};

	const axe = async (page, which) => {
		await page.evaluate(axeText);
		const { violations } = await page.evaluate((values) => globalThis.axe.run(document, { runOnly: { type: 'tag', values }, resultTypes: ['violations'] }), tags);
		const serious = violations.filter((v) => v.impact === 'serious' || v.impact === 'critical');
		expect(`axe-core, ${which}`, serious.map((v) => `${v.id}: ${v.nodes.length} times, ${v.nodes[0].target} ${v.nodes[0].failureSummary}`), []);
		for (const v of violations) if (!serious.includes(v)) lesser.set(v.id, (lesser.get(v.id) ?? 0) + v.nodes.length);
	};

	const picture = async (page, which) => {
		if (!out) return;
		const { width } = page.viewportSize(), height = await page.evaluate(() => document.documentElement.scrollHeight);
		await page.screenshot({ path: join(out, `${name}-${which}.png`), fullPage: true, clip: { x: 0, y: 0, width, height: Math.min(height, 9000) } });
	};

	const shown = (page) => page.locator('#control-table tr.c:not([hidden])').evaluateAll((rows) => rows.map((r) => r.dataset.id));
	const status = async (page) => (await page.locator('.shown').textContent()).trim();

	// The first screen, and what is in the file.
	let tab = await open({});
	let page = tab.page;
	expect('scripts and style sheets', await page.evaluate(() => [document.scripts.length, document.styleSheets.length]), [1, 1]);
	expect('addresses that load', await page.locator('img, iframe, object, embed, link, audio, video, form, base, [src], [srcset], [style], [onclick]').count(), 0);
	expect('the whole file is one document', text.match(/<\/html>/g)?.length, 1);
	await picture(page, 'light');

	const rows = await page.locator('#control-table tr.c').evaluateAll((list) => list.map((tr) => {
		const cells = Array.from(tr.cells, (c) => c.textContent.trim().replace(/\s+/g, ' '));
		return { id: tr.dataset.id, baseline: tr.dataset.b, cells, words: tr.nextElementSibling.querySelector('.checks')?.textContent ?? '', open: tr.nextElementSibling.querySelectorAll('.checks > li').length };
	}));
	if (table) {
		expect('number of controls', rows.length, table.length);
		for (const [i, row] of rows.entries()) {
			const want = table[i];
			const [label, title, state, severity, rate, passed, failed, undecided, suppressed] = row.cells;
			const numbers = [passed, failed, undecided, suppressed].map((n) => n.replace(/,/g, ''));
			expect(`row ${i + 1}, ${label}`,
				[plain(label), plain(title).startsWith(plain(want.title)), state.replace(/^\S+ /, ''), severity.replace(/^(\S+ |–$)/, '').split(' · ')[0], rate.replace(/ ?%$/, '%').replace('–', ''), numbers, row.baseline],
				[plain(want.compliance_control_id), true, want.compliance_status + (want.not_assessed_reason ? ': disabled' : ''), want.worst_failing_severity, want.pass_rate, [want.passed, want.failed, want.undecided, want.suppressed], want.in_baseline === 'yes' ? '1' : '0']);
		}
		const rates = await page.locator('.statuses tbody tr').evaluateAll((list) => list.map((tr) => [tr.cells[0].textContent.trim().replace(/^\S+ /, ''), +tr.cells[1].textContent.replace(/,/g, '')]));
		expect('controls by status', rates, rates.map(([word]) => [word, table.filter((c) => c.in_baseline === 'yes' && c.compliance_status === word).length]));
	}

	if (rows.length > 0) {
		const all = rows.length.toLocaleString('en-US');
		const outside = rows.some((r) => r.baseline === '0');
		const first = rows.filter((r) => !outside || r.baseline === '1').length.toLocaleString('en-US');
		expect('at first', await status(page), `${first} of ${all} controls shown`);
		await page.locator('#reset').click();
		expect('show all', await status(page), `${all} of ${all} controls shown`);

		// Filters, each against the rows.
		const stateOf = (row) => row.cells[2].replace(/: disabled$/, ''); // which is one of those not assessed
		const states = new Set(rows.map(stateOf));
		for (const box of await page.locator('.chip').all()) {
			const word = (await box.locator('.badge').textContent()).trim().replace(/\s+/g, ' ');
			const want = rows.filter((r) => stateOf(r) === word).map((r) => r.id);
			expect(`number beside ${word}`, (await box.locator('.count').textContent()).trim(), want.length.toLocaleString('en-US'));
			await box.locator('input').check();
			expect(`controls that are ${word}`, await shown(page), want);
			expect(`number of controls that are ${word}`, await status(page), `${want.length.toLocaleString('en-US')} of ${all} controls shown`);
			await box.locator('input').uncheck();
			states.delete(word);
		}
		expect('statuses without a filter', [...states], []);
		for (const [id, cell] of [['family', null], ['severity', 3]]) {
			let sum = 0;
			for (const option of await page.locator(`#${id} option`).evaluateAll((list) => list.filter((o) => o.value).map((o) => [o.value, o.textContent]))) {
				await page.selectOption('#' + id, option[0]);
				const ids = await shown(page);
				sum += ids.length;
				if (cell !== null) expect(`severity ${option[1]}`, ids, rows.filter((r) => r.cells[cell].replace(/^\S+ /, '').replace('–', 'none') === option[1]).map((r) => r.id));
				else if (table && option[0] !== '0' && /^[A-Z]{2} /.test(option[1])) expect(`family ${option[1]}`, ids, table.filter((c) => c.family === option[1].slice(0, 2)).map((c) => c.control_id.toLowerCase()));
			}
			expect(`every control has a ${id}`, sum, rows.length);
			await page.selectOption('#' + id, '');
		}
		for (const [value, flag] of [['1', '1'], ['0', '0']]) {
			if (!outside) continue;
			await page.selectOption('#scope', value);
			expect(`in the baseline: ${value}`, await shown(page), rows.filter((r) => r.baseline === flag).map((r) => r.id));
		}
		await page.locator('#reset').click();

		// Search, as it is typed.
		const sought = rows.find((r) => r.open > 0) ?? rows[0];
		for (const term of [sought.cells[0].split(' ')[0], rows.at(-1).cells[1].split(' ')[0], 'no such control', sought.words.trim().split(/\s+/)[0] ?? '']) {
			await page.locator('#search').fill('');
			await page.locator('#search').pressSequentially(term);
			const want = rows.filter((r) => term.toLowerCase().split(/\s+/).every((t) => `${r.id} ${r.cells.join(' ')} ${r.words}`.toLowerCase().includes(t)));
			expect(`search for ${term}`, (await shown(page)).length, want.length);
			expect(`number found of ${term}`, await status(page), `${want.length.toLocaleString('en-US')} of ${all} controls shown`);
		}
		await page.locator('#reset').click();

		// Sorting: every column both ways.
		const heads = page.locator('#control-table thead th');
		for (let column = 0; column < 9; column++) {
			for (let times = 0; times < 2; times++) {
				took.sort = Math.max(took.sort, await page.evaluate((n) => {
					const t = performance.now();
					document.querySelectorAll('#control-table thead th')[n].querySelector('button').click();
					document.body.offsetHeight; // laid out
					return performance.now() - t;
				}, column));
				const direction = await heads.nth(column).getAttribute('aria-sort');
				expect('one column is sorted', await page.locator('#control-table [aria-sort]').count(), 1);
				if (column < 4) continue;
				const values = await page.locator('#control-table tr.c').evaluateAll((list, n) => list.map((tr) => parseFloat(tr.cells[n].textContent.replace(/,/g, ''))), column);
				const present = values.filter((v) => !Number.isNaN(v));
				expect(`values of column ${column + 1} come first`, values.slice(0, present.length), present);
				expect(`column ${column + 1} ${direction}`, present, present.toSorted((a, b) => direction === 'descending' ? b - a : a - b));
			}
		}
		await heads.nth(0).locator('button').click();
		if (await heads.nth(0).getAttribute('aria-sort') === 'descending') await heads.nth(0).locator('button').click();
		expect('order of the catalog', await shown(page), rows.map((r) => r.id));
		took.search = await page.evaluate(() => {
			const search = document.getElementById('search'), t = performance.now();
			search.value = 'a';
			search.dispatchEvent(new Event('input'));
			document.body.offsetHeight; // laid out
			const spent = performance.now() - t;
			search.value = '';
			search.dispatchEvent(new Event('input'));
			return spent;
		});
		await tab.close('light');

		// By keyboard alone.
		tab = await open({});
		page = tab.page;
		await page.keyboard.press('Tab');
		expect('the first stop is the skip link', await page.evaluate(() => document.activeElement.className), 'skip');
		await page.keyboard.press('Enter');
		expect('it leads to the report', await page.evaluate(() => document.activeElement.id), 'report');
		const press = async (what, found, key = 'Tab') => {
			for (let i = 0; i < 60; i++) {
				if (await page.evaluate(found)) return true;
				await page.keyboard.press(key);
			}
			expect(`${key} leads to ${what}`, false);
			return false;
		};
		await press('the contents', () => document.activeElement.hash === '#controls', 'Shift+Tab');
		await page.keyboard.press('Enter');
		const failing = rows.find((r) => r.baseline === '1' && /◐|✗/.test(r.cells[2]) && r.open > 0);
		if (failing && await press('the search', () => document.activeElement.id === 'search')) {
			await page.keyboard.type(failing.cells[0]);
			await press('a control', () => document.activeElement.className === 'open');
			await page.keyboard.press('Enter');
			const opened = await page.evaluate(() => {
				const b = document.activeElement, more = document.getElementById(b.getAttribute('aria-controls'));
				return [b.getAttribute('aria-expanded'), more.checkVisibility(), more.querySelectorAll('ul.checks > li > details').length, more.querySelectorAll('details[open] .samples .id').length > 0];
			});
			expect('Enter opens it', opened.slice(0, 2), ['true', true]);
			expect('it lists its checks', opened[2], failing.open);
			expect('and a resource', opened[3]);
			await press('a check', () => document.activeElement.tagName === 'SUMMARY');
			expect('focus is seen', await page.evaluate(() => parseFloat(getComputedStyle(document.activeElement).outlineWidth) >= 2));
			await page.keyboard.press('Enter');
			expect('Enter closes the check', await page.evaluate(() => document.activeElement.parentNode.open), false);
			await page.keyboard.press('Enter');
			expect('and opens it', await page.evaluate(() => document.activeElement.parentNode.querySelector('.samples .id').checkVisibility()));
			await picture(page, 'keyboard');
		}
		await tab.close('keyboard');

		// An address that ends in a control's id or label.
		for (const end of new Set([sought.id, sought.cells[0], rows.at(-1).id])) {
			tab = await open({}, url + '#' + encodeURIComponent(end));
			const got = await tab.page.evaluate(() => {
				const b = document.querySelector('button.open[aria-expanded=true]'), at = b?.getBoundingClientRect();
				return b && [b.closest('tr').dataset.id, document.activeElement === b, at.top >= 0 && at.bottom <= innerHeight];
			});
			expect(`report.html#${end} opens`, [plain(got?.[0] ?? '').toLowerCase().replace(/\.(\d+)$/, '($1)'), got?.[1], got?.[2]], [plain(end).toLowerCase().replace(/\.(\d+)$/, '($1)'), true, true]);
			await tab.close('deep link');
		}
	} else {
		await tab.close('light');
	}

	// Dark and narrow, with a control and a check open.
	const target = (rows.find((r) => /◐|✗/.test(r.cells[2])) ?? rows.find((r) => r.open > 0) ?? rows[0])?.id;
	const end = target ? '#' + encodeURIComponent(target) : '';
	for (const [which, options] of [
		['light-open', {}], ['dark', { colorScheme: 'dark' }], ['narrow', { viewport: { width: 320, height: 640 } }],
	]) {
		tab = await open(options, url + end);
		page = tab.page;
		await page.evaluate(() => document.querySelectorAll('#checks details').forEach((d, i) => { d.open = i < 2; }));
		if (which === 'narrow') {
			const width = await page.evaluate(() => document.documentElement.scrollWidth);
			expect('no scrolling sideways at 320 pixels', width <= 320 || width);
			const open = await page.evaluate(() => document.querySelector('.m.show .more')?.getBoundingClientRect().width ?? 0);
			expect('an open control is no wider', open <= 320 || open);
		}
		await axe(page, which);
		await picture(page, which);
		await tab.close(which);
	}

	// On paper.
	tab = await open({ colorScheme: 'dark' });
	const pdf = await tab.page.pdf({ format: 'A4', preferCSSPageSize: true, printBackground: true, ...(out ? { path: join(out, `${name}.pdf`) } : {}) });
	const pages = (pdf.toString('latin1').match(/\/Type\s*\/Page\b/g) ?? []).length;
	expect('it prints', pages > 0);
	const ours = (id) => /^[A-Z]{2}-[0-9]+(\([0-9]+\))?$/.test(id);
	const sheets = execFileSync('pdftotext', ['-layout', '-', '-'], { input: pdf, encoding: 'utf8', maxBuffer: 1 << 28 }).split('\f');
	const labels = new Set(rows.map((r) => r.cells[0]).filter(ours));
	const listing = sheets.map((text, i) => ({ text, sheet: i + 1 })).filter(({ text }) => text.split('\n').some((line) => labels.has(line.trim().split(/\s/)[0]) && /(\s+[0-9][0-9,]*){4}$/.test(line)));
	expect('the control table is printed', listing.length > 0, rows.some((r) => ours(r.cells[0]) && (r.baseline === '1' || rows.every((o) => o.baseline === '0'))));
	expect('printed pages of the control table without its headings', listing.filter(({ text }) => !/^ *Control +Title +Status /m.test(text)).map(({ sheet }) => sheet), []);
	console.log(`info  ${dir}: ${text.length.toLocaleString('en-US')} characters, ${rows.length} controls, ${pages} pages on paper; sorted in ${took.sort.toFixed(0)} ms, searched in ${took.search.toFixed(0)} ms`);
	await tab.close('print');

	// Scripts off.
	tab = await open({ javaScriptEnabled: false });
	page = tab.page;
	expect('without scripts every control is shown', await page.locator('#control-table tr.c:visible').count(), rows.length);
	expect('and nothing that would do nothing', await page.locator('button:visible, input:visible, select:visible').count(), 0);
	if (rows.length > 0) {
		const at = Math.max(rows.findIndex((r) => r.open > 0), 0);
		await page.locator('#control-table a.open').nth(at).click();
		expect('a control opens', await page.locator('#control-table tr.m:visible').count(), 1);
		const link = page.locator('#control-table tr.m:visible a[href^="#check-"]').first();
		if (await link.count() > 0) {
			const id = (await link.getAttribute('href')).slice(1);
			await link.click();
			expect('a check opens', await page.locator('#' + id).isVisible());
		}
	}
	await picture(page, 'no-script');
	await tab.close('without scripts');
}

// plain is text as far as tables and pages write it alike.
function plain(s) {
	return s.replace(/^'/, '').replace(/[^\x21-\x7e]+/g, ' ').replace(/ ?…/, '').trim().slice(0, 40);
}

// controls reads control-summary.csv: RFC 4180, a header line.
function controls(text) {
	const lines = [[]];
	for (const m of text.matchAll(/(?:"((?:[^"]|"")*)"|([^,\r\n]*))(,|\r\n|$)/g)) {
		if (m.index >= text.length) break;
		lines.at(-1).push(m[1] !== undefined ? m[1].replace(/""/g, '"') : m[2]);
		if (m[3] === '\r\n') lines.push([]);
	}
	const [head, ...rows] = lines.filter((l) => l.length > 1);
	return rows.map((row) => Object.fromEntries(head.map((name, i) => [name, row[i]])));
}
