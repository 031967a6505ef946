/* kit_page_text.h - the fixed parts of a page: its style and its script. Private to kit_page.c. One
 * string literal holds at most 4095 bytes in portable C, so they are lists. */
#ifndef KIT_PAGE_TEXT_H
#define KIT_PAGE_TEXT_H

static const char *const page_head[] = {
    "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
    "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
    "<meta name=\"color-scheme\" content=\"light dark\">\n"
    /* nothing from elsewhere, whatever a name in a table may contain */
    "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; img-src data:; "
    "style-src 'unsafe-inline'; script-src 'unsafe-inline'\">\n"
    "<link rel=\"icon\" href=\"data:,\">\n",
    NULL,
};

static const char *const page_style[] = {
    "<style>\n"
    ":root{--paper:#f7f5f1;--card:#fffefb;--ink:#24211d;--soft:#6d665d;--line:#e3ded5;--mark:#a8431f;"
    "--shade:0 1px 2px #3b2f1f14,0 6px 18px #3b2f1f0f}\n"
    "@media (prefers-color-scheme:dark){:root{--paper:#161513;--card:#201e1b;--ink:#ece7df;--soft:#a39b8f;"
    "--line:#36322d;--mark:#f09a6c;--shade:0 1px 2px #0008,0 6px 18px #0005}}\n"
    "*{box-sizing:border-box}\n"
    "html{-webkit-text-size-adjust:100%}\n"
    "body{margin:0;background:var(--paper);color:var(--ink);font:16px/1.55 ui-sans-serif,system-ui,"
    "-apple-system,\"Segoe UI\",\"Helvetica Neue\",Arial,sans-serif}\n"
    "main{max-width:88rem;margin:0 auto;padding:clamp(1rem,4vw,3rem) clamp(1rem,4vw,3.5rem) 3rem}\n"
    "header{margin-bottom:clamp(1.25rem,3vw,2.25rem)}\n"
    "header::before{content:\"\";display:block;width:3.5rem;height:.3rem;border-radius:1rem;"
    "background:var(--mark);margin-bottom:1rem}\n"
    "h1{font-size:clamp(1.7rem,1.2rem + 2.4vw,2.9rem);line-height:1.12;letter-spacing:-.02em;margin:0;"
    "font-weight:700;text-wrap:balance;overflow-wrap:anywhere}\n"
    ".subtitle{color:var(--soft);font-size:1.06rem;margin:.55rem 0 0;max-width:65ch;overflow-wrap:anywhere}\n"
    "h2{font-size:1.3rem;line-height:1.25;letter-spacing:-.01em;margin:2.4rem 0 .8rem;overflow-wrap:anywhere}\n"
    "p{max-width:70ch;margin:0 0 1rem;overflow-wrap:anywhere}\n",
    ".grid{display:grid;gap:clamp(.8rem,2vw,1.4rem);margin:1.2rem 0;align-items:end;"
    "grid-template-columns:repeat(auto-fill,minmax(min(100%,17rem),1fr))}\n"
    ".tiles{gap:.7rem;grid-template-columns:repeat(auto-fill,minmax(7.2rem,1fr))}\n"
    ".tiles figure img{width:100%}\n"
    ".sets{display:grid;gap:clamp(.8rem,2vw,1.5rem);margin:1.2rem 0;"
    "grid-template-columns:repeat(auto-fit,minmax(min(100%,32rem),1fr))}\n"
    ".set{background:var(--card);border:1px solid var(--line);border-radius:.8rem;padding:.8rem;"
    "box-shadow:var(--shade);min-width:0}\n"
    ".set>h3{font-size:1rem;font-weight:600;margin:0 .15rem .6rem;overflow-wrap:anywhere}\n"
    ".row{display:grid;gap:.6rem;grid-template-columns:repeat(auto-fit,minmax(min(100%,8.5rem),1fr));"
    "align-items:end}\n"
    "figure{margin:0;min-width:0}\n"
    "figure button{display:block;width:100%;padding:0;border:0;background:none;cursor:zoom-in;border-radius:.45rem}\n"
    "figure img{display:block;max-width:100%;height:auto;margin:0 auto;border-radius:.45rem;"
    "background:repeating-conic-gradient(#8882 0 25%,transparent 0 50%) 0 0/1rem 1rem}\n"
    ".set figure img{width:100%}\n"
    "figcaption{color:var(--soft);font-size:.86rem;line-height:1.35;padding:.4rem .15rem 0;text-align:center;"
    "overflow-wrap:anywhere}\n"
    ":focus-visible{outline:3px solid var(--mark);outline-offset:2px}\n",
    ".scroll{overflow-x:auto;margin:1.2rem 0;border:1px solid var(--line);border-radius:.8rem;"
    "background:var(--card);box-shadow:var(--shade);max-width:max-content}\n"
    "table{border-collapse:collapse;font-size:.93rem;min-width:min(100%,20rem)}\n"
    "caption{caption-side:top;text-align:left;font-weight:600;padding:.8rem 1rem .3rem;color:var(--ink)}\n"
    "th,td{padding:.42rem 1rem;text-align:left;border-top:1px solid var(--line);white-space:nowrap}\n"
    "thead th{border-top:0;padding:0;color:var(--soft);font-weight:600}\n"
    "th button{font:inherit;color:inherit;background:none;border:0;padding:.6rem 1rem;width:100%;"
    "text-align:inherit;cursor:pointer;white-space:nowrap}\n"
    "th button:hover{color:var(--ink)}\n"
    "th:not(.n) button::after,th.n button::before{content:\"\";display:inline-block;width:1em;text-align:center}\n"
    "th[aria-sort=ascending]:not(.n) button::after,th.n[aria-sort=ascending] button::before{content:\"\\2191\"}\n"
    "th[aria-sort=descending]:not(.n) button::after,th.n[aria-sort=descending] button::before{content:\"\\2193\"}\n"
    ".n{text-align:right;font-variant-numeric:tabular-nums}\n"
    "td.t{white-space:normal;min-width:8rem;max-width:32rem;overflow-wrap:anywhere}\n"
    "tbody tr:hover{background:color-mix(in srgb,var(--mark) 7%,transparent)}\n"
    ".unit{font-weight:400;opacity:.75}\n"
    "dialog{border:0;padding:0;margin:0;width:100vw;height:100vh;height:100dvh;max-width:none;max-height:none;"
    "background:#0d0c0bf0;color:#f1ece4}\n"
    "dialog::backdrop{background:#0d0c0b}\n"
    "dialog[open]{display:grid;grid-template-rows:minmax(0,1fr) auto;place-items:center;cursor:zoom-out}\n"
    "dialog img{max-width:100vw;max-height:100%;object-fit:contain}\n"
    "dialog p{margin:.7rem 1rem;text-align:center;max-width:none}\n"
    "dialog button{position:fixed;top:50%;font:1.8rem/1 system-ui;color:inherit;background:#0008;border:0;"
    "border-radius:50%;width:2.8rem;height:2.8rem;transform:translateY(-50%);cursor:pointer}\n"
    ".prev{left:.6rem}.next{right:.6rem}\n"
    "footer{color:var(--soft);font-size:.82rem;margin-top:3rem;border-top:1px solid var(--line);padding-top:1rem}\n"
    "@media print{body{background:#fff}.set,.scroll{box-shadow:none;break-inside:avoid}dialog{display:none}}\n"
    "</style>\n",
    NULL,
};

static const char *const page_script[] = {
    "<dialog aria-label=\"Picture\"><img alt=\"\"><p></p><button class=\"prev\" aria-label=\"Previous\">"
    "&#8249;</button><button class=\"next\" aria-label=\"Next\">&#8250;</button></dialog>\n"
    "<script>\n'use strict';\n"
    "const box=document.querySelector('dialog'),all=[...document.querySelectorAll('figure button')];\n"
    "let at=0;\n"
    "function show(i){at=(i+all.length)%all.length;const im=all[at].querySelector('img');"
    "box.querySelector('img').src=im.src;box.querySelector('img').alt=im.alt;"
    "box.querySelector('p').textContent=im.alt;if(!box.open)box.showModal()}\n"
    "all.forEach((b,i)=>b.addEventListener('click',()=>show(i)));\n"
    "box.querySelector('.prev').addEventListener('click',e=>{e.stopPropagation();show(at-1)});\n"
    "box.querySelector('.next').addEventListener('click',e=>{e.stopPropagation();show(at+1)});\n"
    "box.addEventListener('click',()=>box.close());\n"
    "box.addEventListener('close',()=>all[at]&&all[at].focus());\n"
    "box.addEventListener('keydown',e=>{if(e.key==='ArrowLeft')show(at-1);if(e.key==='ArrowRight')show(at+1)});\n"
    "document.querySelectorAll('th button').forEach(b=>b.addEventListener('click',()=>{\n"
    "const th=b.parentNode,k=th.cellIndex,t=th.closest('table'),up=th.getAttribute('aria-sort')!=='ascending';\n"
    "t.querySelectorAll('th').forEach(h=>h.removeAttribute('aria-sort'));"
    "th.setAttribute('aria-sort',up?'ascending':'descending');\n"
    "const v=r=>r.cells[k].dataset.v??r.cells[k].textContent,num=th.classList.contains('n');\n"
    "t.tBodies[0].append(...[...t.tBodies[0].rows].sort((p,q)=>(up?1:-1)*"
    "(num?v(p)-v(q):v(p).localeCompare(v(q),undefined,{numeric:true}))))}));\n"
    "</script>\n",
    NULL,
};
#endif
