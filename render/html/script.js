
// Adds search, filters, sorting and details in place to the tables of the
// report, all of which is there without it. It makes no markup of text.
(function () {
	'use strict';
	document.documentElement.className = 'js';
	var rows = [], byName = Object.create(null), tools = {}, boxes = [];

	document.addEventListener('DOMContentLoaded', function () {
		var table = document.getElementById('control-table');
		if (table) {
			readRows(table);
			sorting(table);
			filters();
			apply();
		}
		document.querySelectorAll('table.long').forEach(shorten);
		document.addEventListener('click', clicked);
		window.addEventListener('hashchange', follow);
		window.addEventListener('resize', regions);
		regions();
		follow();
	});

	// readRows makes a row of each control and a button of its link.
	function readRows(table) {
		table.querySelectorAll('tr.c').forEach(function (tr, i) {
			var more = tr.nextElementSibling, link = tr.querySelector('a.open'), checks = more.querySelector('.checks');
			var button = document.createElement('button');
			button.type = 'button';
			button.className = 'open';
			button.setAttribute('aria-expanded', 'false');
			button.setAttribute('aria-controls', more.id);
			while (link.firstChild) button.appendChild(link.firstChild);
			link.replaceWith(button);
			var row = {
				tr: tr, more: more, button: button, order: i, name: tr.dataset.id,
				family: tr.dataset.f, status: tr.dataset.s, severity: tr.dataset.v, baseline: tr.dataset.b,
				text: (tr.dataset.id + ' ' + tr.textContent + ' ' + (checks ? checks.textContent : '')).toLowerCase()
			};
			more.querySelector('.here').href = '#' + encodeURIComponent(row.name);
			tr.row = more.row = row;
			rows.push(row);
			[button.textContent.toLowerCase(), row.name].forEach(function (name) {
				if (!byName[name]) byName[name] = row;
			});
		});
	}

	// sorting makes a button of each heading.
	function sorting(table) {
		table.querySelectorAll('thead th').forEach(function (th, column) {
			var button = document.createElement('button'), falls = column > 2;
			button.type = 'button';
			button.className = 'sort';
			button.textContent = th.textContent;
			th.textContent = '';
			th.appendChild(button);
			if (column === 0) th.setAttribute('aria-sort', 'ascending');
			button.addEventListener('click', function () {
				var now = th.getAttribute('aria-sort');
				var down = now ? now === 'ascending' : falls;
				table.querySelectorAll('[aria-sort]').forEach(function (other) { other.removeAttribute('aria-sort'); });
				th.setAttribute('aria-sort', down ? 'descending' : 'ascending');
				sort(table, column, down);
			});
		});
	}

	function sort(table, column, down) {
		var statuses = boxes.map(function (box) { return box.value; });
		rows.forEach(function (row) {
			var text = row.tr.cells[column].textContent;
			row.key = column === 0 ? row.order
				: column === 1 ? text.toLowerCase()
				: column === 2 ? statuses.indexOf(row.status)
				: column === 3 ? (row.severity === '0' ? NaN : +row.severity)
				: parseFloat(text.replace(/,/g, ''));
		});
		var sorted = rows.slice().sort(function (a, b) {
			var none = (a.key !== a.key) - (b.key !== b.key); // what has no value comes last
			var less = a.key < b.key ? -1 : a.key > b.key ? 1 : 0;
			return none || (down ? -less : less) || a.order - b.order;
		});
		var all = document.createDocumentFragment();
		sorted.forEach(function (row) {
			all.appendChild(row.tr);
			all.appendChild(row.more);
		});
		table.tBodies[0].appendChild(all);
	}

	function filters() {
		['search', 'family', 'severity', 'scope'].forEach(function (id) {
			tools[id] = document.getElementById(id);
			tools[id].addEventListener('input', apply);
		});
		boxes = Array.from(document.querySelectorAll('.tools input[type=checkbox]'));
		boxes.forEach(function (box) { box.addEventListener('change', apply); });
		document.getElementById('reset').addEventListener('click', function () {
			clear('');
			apply();
		});
		clear(tools.scope.options[0].value); // a browser may remember more
	}

	function clear(scope) {
		tools.search.value = tools.family.value = tools.severity.value = '';
		tools.scope.value = scope;
		boxes.forEach(function (box) { box.checked = false; });
	}

	// apply shows the rows that pass every filter. The number beside a status is
	// that of the rows which pass the others.
	function apply() {
		var terms = tools.search.value.toLowerCase().split(/\s+/), counts = {}, shown = 0;
		var chosen = boxes.filter(function (box) { return box.checked; }).map(function (box) { return box.value; });
		rows.forEach(function (row) {
			var passes = (!tools.family.value || row.family === tools.family.value) &&
				(!tools.severity.value || row.severity === tools.severity.value) &&
				(!tools.scope.value || row.baseline === tools.scope.value) &&
				terms.every(function (term) { return row.text.indexOf(term) >= 0; });
			if (passes) counts[row.status] = (counts[row.status] || 0) + 1;
			passes = passes && (!chosen.length || chosen.indexOf(row.status) >= 0);
			row.tr.hidden = row.more.hidden = !passes;
			if (passes) shown++;
		});
		boxes.forEach(function (box) {
			document.querySelector('[data-count="' + box.value + '"]').textContent = number(counts[box.value] || 0);
		});
		document.querySelector('.shown').textContent = number(shown) + ' of ' + number(rows.length) + ' controls shown';
	}

	function number(n) { return n.toLocaleString('en-US'); }

	// toggle opens or closes a control. The details of its checks are copied from
	// the section of the checks when it is first opened.
	function toggle(row, open) {
		row.button.setAttribute('aria-expanded', String(open));
		row.more.classList.toggle('show', open);
		if (!open || row.filled) return;
		row.filled = true;
		row.more.querySelectorAll('ul.checks > li').forEach(function (item, i) {
			var link = item.querySelector('a[href^="#check-"]');
			if (!link) return;
			var copy = document.getElementById(link.hash.slice(1)).parentNode.cloneNode(true);
			copy.querySelector('.body').removeAttribute('id');
			copy.open = i === 0 && !!copy.querySelector('.samples');
			item.replaceChildren(copy);
		});
	}

	function clicked(event) {
		var button = event.target.closest('button.open'), link = event.target.closest('a[href^="#"]'), tr = event.target.closest('tr.c');
		if (button || tr && !link && !event.target.closest('button') && !String(window.getSelection())) {
			var row = (button || event.target).closest('tr.c').row;
			toggle(row, row.button.getAttribute('aria-expanded') !== 'true');
		} else if (link && link.classList.contains('filter')) {
			if (!tools.scope) return;
			clear(tools.scope.options[0].value);
			if (link.dataset.family) tools.family.value = link.dataset.family;
			boxes.forEach(function (box) { box.checked = box.value === link.dataset.status; });
			apply();
		} else if (link && link.hash === location.hash) {
			follow(); // the address does not change
		}
	}

	// follow opens what the end of the address names: a place of this report, or
	// a control by its id ("ac-2.1") or label ("AC-2(1)").
	function follow() {
		var name;
		try {
			name = decodeURIComponent(location.hash.slice(1));
		} catch (e) {
			return;
		}
		var place = document.getElementById(name), row = place ? place.row : byName[name.toLowerCase()];
		if (row) {
			if (row.tr.hidden) {
				clear('');
				apply();
			}
			toggle(row, true);
			row.button.focus({ preventScroll: true });
			row.tr.scrollIntoView();
		} else if (place && place.parentNode.tagName === 'DETAILS') {
			place.parentNode.open = true;
			place.parentNode.querySelector('summary').focus({ preventScroll: true });
			place.parentNode.scrollIntoView();
		}
	}

	// shorten shows the first rows of a long table until it is asked for all.
	function shorten(table) {
		var list = Array.from(table.tBodies[0].rows), first = 15;
		if (list.length <= first + 5) return;
		list.slice(first).forEach(function (tr) { tr.classList.add('late'); });
		table.classList.add('short');
		var button = document.createElement('button');
		button.type = 'button';
		button.className = 'all';
		button.textContent = 'Show all ' + number(list.length) + ' failing checks';
		button.addEventListener('click', function () {
			table.classList.remove('short');
			var link = list[first].querySelector('a');
			button.remove();
			if (link) link.focus();
		});
		table.parentNode.after(button);
	}

	// regions puts only those tables into the order of the Tab key that scroll.
	function regions() {
		document.querySelectorAll('.wide').forEach(function (region) {
			if (region.scrollWidth > region.clientWidth) region.tabIndex = 0;
			else region.removeAttribute('tabindex');
		});
	}
})();
