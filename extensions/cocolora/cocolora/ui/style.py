"""The tab's style: layout only, in the colours of whatever theme the host page has."""

STYLE = """<style>
.cocolora-status p { margin: 0.2em 0; }
.cocolora-status progress {
  width: 100%; height: 0.5em; border: 0; border-radius: 0.25em;
  appearance: none; background: var(--border-color-primary);
}
.cocolora-status progress::-webkit-progress-bar { border-radius: 0.25em; background: var(--border-color-primary); }
.cocolora-status progress::-webkit-progress-value { border-radius: 0.25em; background: var(--color-accent); }
.cocolora-status progress::-moz-progress-bar { border-radius: 0.25em; background: var(--color-accent); }
.cocolora-quiet { color: var(--body-text-color-subdued); }
.cocolora-said, .cocolora-refused { margin: 0.3em 0; padding-left: 0.6em; }
.cocolora-said { border-left: 3px solid var(--color-accent); }
.cocolora-refused { border-left: 3px solid var(--error-text-color, var(--color-accent)); font-weight: 600; }
.cocolora-scroll { overflow-x: auto; }
.cocolora-scroll.cocolora-scroll table {
  width: 100%; margin: 0; border-collapse: collapse; border: 0; color: var(--body-text-color); font-size: 0.9em;
}
.cocolora-scroll.cocolora-scroll table tr { border: 0; }
.cocolora-scroll caption { text-align: left; color: var(--body-text-color-subdued); padding-bottom: 0.3em; }
.cocolora-scroll.cocolora-scroll table tr :is(th, td) {
  min-width: 5em; padding: 0.35em 0.6em; text-align: left; vertical-align: top; border: 0;
  border-bottom: 1px solid var(--border-color-primary);
}
.cocolora-scroll thead th { white-space: nowrap; }
.cocolora-preview ul { margin: 0.2em 0 0.6em 1.2em; list-style: disc; }
</style>"""
