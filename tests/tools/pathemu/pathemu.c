/* pathemu - deterministic user-space path emulator and measurement referee.
 *
 * Forwards Ethernet frames between two interfaces (normally the inner ends of
 * two veth pairs whose outer ends live in namespaces "a" and "b") and applies,
 * independently per direction: token-bucket/serialisation rate with a finite
 * drop-tail buffer, virtual (packet-free) Poisson cross traffic, fixed delay,
 * seeded jitter, loss (Bernoulli, Gilbert-Elliott or periodic), duplication,
 * reordering, outages, and scheduled parameter changes.
 *
 * Arrival times are the KERNEL software receive time stamps of the AF_PACKET
 * ring, so the emulator's own wake-up latency does not enter the delay.
 * Every frame is logged with (arrival, scheduled, sent, queue, verdict, keys).
 *
 * Random decisions are counter based: decision k of the n-th packet in a
 * direction depends only on (seed, direction, n, k) - never on timing.
 *
 * Build: cc -O2 -Wall -o pathemu pathemu.c -lm
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_packet.h>
#include <math.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>
#include <getopt.h>
#ifndef PACKET_IGNORE_OUTGOING
#define PACKET_IGNORE_OUTGOING 23
#endif
#ifndef PACKET_QDISC_BYPASS
#define PACKET_QDISC_BYPASS 20
#endif
typedef uint64_t u64; typedef uint32_t u32; typedef uint16_t u16; typedef uint8_t u8;
typedef int64_t s64;
#define NSEC 1000000000ULL

enum { V_FWD, V_LOSS, V_QDROP, V_DUP, V_OUTAGE, V_BYPASS, V_TXERR };
static const char *vname[] = {"fwd", "loss", "qdrop", "dup", "outage", "bypass", "txerr"};
enum { J_NONE, J_UNIFORM, J_NORMAL, J_EXP, J_PARETO, J_LOGNORMAL };

struct rec {                 /* 64-byte log record, little endian */
    u64 t_arr, t_sched, t_sent;
    u32 seq, qbytes;
    u16 iplen; u8 dir, verdict, proto, flags; u16 ipid;
    u32 src, dst;
    u16 sport, dport;        /* ICMP echo: id, seq */
    u32 p4;                  /* UDP: first 4 payload bytes; TCP: seq; ICMP: first 4 data bytes */
    u32 p8;                  /* UDP: next 4 payload bytes; TCP: ack */
    u32 p12;                 /* UDP: payload bytes 8..11; TCP: window */
};
_Static_assert(sizeof(struct rec) == 64, "record size");

struct prm {
    double delay, jitter;    /* ns */
    int dist;
    double loss, ge_p, ge_r, ge_h, ge_k; bool ge;
    u32 loss_every;
    double dup, reorder, reorder_gap;
    double rate;             /* bit/s, 0 = infinite */
    double peak;             /* bit/s peak rate while tokens last (0 = infinite) */
    double burst;            /* bytes of token bucket; 0 = pure serialiser */
    double buf; int bufunit; /* 0 bytes 1 packets 2 ns */
    int overhead;            /* bytes added per packet to the IP length for rate/buffer */
    double xrate; u32 xsize; /* virtual cross traffic */
    double slot;             /* ns: departures quantised to slot ends (TDMA/TTI/aggregation) */
    bool fifo, down;
};
struct qent { u64 dep; u32 len; };
struct dirst {
    struct prm p;
    u64 n, last_arr, last_out, link_free, tok_t; double tok;
    bool ge_bad;
    struct qent *q; u32 qh, qt, qcap; u64 qbytes; u32 qpkts;
    u64 xnext, xn;
    u64 cnt[7], bytes_in, bytes_out;
    u64 maxq;
};
struct port {
    int rx, tx, ifindex; u8 *ring; u32 idx;
};
struct pkt { u64 t_out, order, t_arr, t_sched; u32 len, recno; u8 dir; struct pkt *next; u8 d[]; };

static struct dirst D[2];
static struct port P[2];
static u32 ring_frames = 8192, frame_size = 2048;
static u64 seed = 1;
static volatile sig_atomic_t stop, dumpstats;
static struct rec *logm; static u64 logn, logmax; static int logfd = -1; static u64 loglost;
static struct pkt **heap; static u32 hn, hcap; static u64 horder; static struct pkt *freel;
static u64 spin_ns = 60000; static bool busy;
static u64 late_hist[64]; static u64 late_max, late_cnt; static double late_sum;
static u64 t0;
static double max_mem = 2048.0 * 1048576; static u64 pool_bytes;

static inline u64 now_ns(void) { struct timespec t; clock_gettime(CLOCK_REALTIME, &t); return t.tv_sec * NSEC + t.tv_nsec; }
static inline u64 mono_ns(void) { struct timespec t; clock_gettime(CLOCK_MONOTONIC, &t); return t.tv_sec * NSEC + t.tv_nsec; }
static void die(const char *m) { fprintf(stderr, "pathemu: %s: %s\n", m, strerror(errno)); exit(1); }
static void dief(const char *m, const char *a) { fprintf(stderr, "pathemu: %s: %s\n", m, a); exit(2); }

/* ---- counter-based RNG -------------------------------------------------- */
static inline u64 mix(u64 z) { z += 0x9e3779b97f4a7c15ULL; z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL; z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL; return z ^ (z >> 31); }
static inline double rnd(int dir, u64 n, u32 k) { u64 z = mix(mix(mix(seed) ^ ((u64)dir << 56) ^ n) + k); return ((z >> 11) + 0.5) * (1.0 / 9007199254740992.0); }
static double jitter_of(struct prm *p, int dir, u64 n)
{
    double j = p->jitter, u = rnd(dir, n, 3), v;
    switch (p->dist) {
    case J_UNIFORM: return j * (2 * u - 1);
    case J_NORMAL: v = rnd(dir, n, 4); return j * sqrt(-2 * log(u)) * cos(2 * M_PI * v);
    case J_EXP: return -j * log(u);
    case J_PARETO: return j * 0.5 * (pow(u, -1 / 3.0) - 1) * 2; /* alpha 3, mean j*0.5 */
    case J_LOGNORMAL: v = rnd(dir, n, 4); return j * exp(0.8 * sqrt(-2 * log(u)) * cos(2 * M_PI * v) - 0.32);
    }
    return 0;
}
/* ---- heap ---------------------------------------------------------------- */
static inline bool lt(struct pkt *a, struct pkt *b) { return a->t_out != b->t_out ? a->t_out < b->t_out : a->order < b->order; }
static void hpush(struct pkt *p)
{
    if (hn == hcap) { hcap = hcap ? hcap * 2 : 4096; heap = realloc(heap, hcap * sizeof *heap); if (!heap) die("heap"); }
    u32 i = hn++;
    while (i) { u32 q = (i - 1) / 2; if (!lt(p, heap[q])) break; heap[i] = heap[q]; i = q; }
    heap[i] = p;
}
static struct pkt *hpop(void)
{
    struct pkt *r = heap[0], *l = heap[--hn]; u32 i = 0;
    if (hn) {
        for (;;) { u32 c = 2 * i + 1; if (c >= hn) break; if (c + 1 < hn && lt(heap[c + 1], heap[c])) c++; if (!lt(heap[c], l)) break; heap[i] = heap[c]; i = c; }
        heap[i] = l;
    }
    return r;
}
static struct pkt *palloc(void)
{
    struct pkt *p = freel;
    if (p) { freel = p->next; return p; }
    if (pool_bytes > max_mem) return NULL;
    p = malloc(sizeof *p + frame_size); if (!p) return NULL;
    pool_bytes += sizeof *p + frame_size; return p;
}
static inline void pfree(struct pkt *p) { p->next = freel; freel = p; }

/* ---- packet parsing for the log ------------------------------------------ */
static bool parse(const u8 *f, u32 len, struct rec *r)
{
    u16 et = f[12] << 8 | f[13]; const u8 *ip = f + 14, *l4; u32 l4len;
    if (et == ETHERTYPE_IP && len >= 34) {
        u32 ihl = (ip[0] & 15) * 4; r->iplen = ip[2] << 8 | ip[3]; r->proto = ip[9]; r->ipid = ip[4] << 8 | ip[5];
        memcpy(&r->src, ip + 12, 4); memcpy(&r->dst, ip + 16, 4); r->src = ntohl(r->src); r->dst = ntohl(r->dst);
        l4 = ip + ihl; if (14 + ihl > len) return true;
        l4len = len - 14 - ihl;
        if ((ip[6] & 0x1f) || ip[7]) return true;          /* non-first fragment */
    } else if (et == ETHERTYPE_IPV6 && len >= 54) {
        r->iplen = (ip[4] << 8 | ip[5]) + 40; r->proto = ip[6];
        memcpy(&r->src, ip + 20, 4); memcpy(&r->dst, ip + 36, 4); r->src = ntohl(r->src); r->dst = ntohl(r->dst);
        l4 = ip + 40; l4len = len - 54;
        if (r->proto == 58 && l4len && l4[0] >= 133 && l4[0] <= 137) return false; /* ND bypass */
    } else { r->iplen = len - 14; return false; }
#define B16(o) (l4[o] << 8 | l4[(o) + 1])
#define B32(o) ((u32)l4[o] << 24 | l4[(o) + 1] << 16 | l4[(o) + 2] << 8 | l4[(o) + 3])
    if ((r->proto == 1 || r->proto == 58) && l4len >= 8) { r->flags = l4[0]; r->sport = B16(4); r->dport = B16(6); if (l4len >= 16) { r->p4 = B32(8); r->p8 = B32(12); } }
    else if (r->proto == 17 && l4len >= 8) { r->sport = B16(0); r->dport = B16(2); if (l4len >= 12) r->p4 = B32(8); if (l4len >= 16) r->p8 = B32(12); if (l4len >= 20) r->p12 = B32(16); }
    else if (r->proto == 6 && l4len >= 20) { r->sport = B16(0); r->dport = B16(2); r->p4 = B32(4); r->p8 = B32(8); r->flags = l4[13]; r->p12 = B16(14); }
    return true;
}
static u32 logrec(const struct rec *r)
{
    if (!logm) return UINT32_MAX;
    if (logn >= logmax) { loglost++; return UINT32_MAX; }
    logm[logn] = *r; return logn++;
}
/* ---- link model ------------------------------------------------------------ */
static void qexpire(struct dirst *d, u64 t)
{
    while (d->qh != d->qt && d->q[d->qh].dep <= t) { d->qbytes -= d->q[d->qh].len; d->qpkts--; d->qh = (d->qh + 1) & (d->qcap - 1); }
}
static void qadd(struct dirst *d, u64 dep, u32 len)
{
    u32 nt = (d->qt + 1) & (d->qcap - 1);
    if (nt == d->qh || !d->qcap) {
        u32 nc = d->qcap ? d->qcap * 2 : 4096, k = 0; struct qent *n = malloc(nc * sizeof *n); if (!n) die("queue");
        while (d->qh != d->qt) { n[k++] = d->q[d->qh]; d->qh = (d->qh + 1) & (d->qcap - 1); }
        free(d->q); d->q = n; d->qcap = nc; d->qh = 0; d->qt = k; nt = k + 1;
    }
    d->q[d->qt] = (struct qent){dep, len}; d->qt = nt; d->qbytes += len; d->qpkts++;
    if (d->qbytes > d->maxq) d->maxq = d->qbytes;
}
/* Serialise one packet arriving at t; returns departure or 0 when dropped. */
static u64 link_send(struct dirst *d, u64 t, u32 len)
{
    struct prm *p = &d->p;
    if (p->rate <= 0) return t;
    u32 sz = len + p->overhead;
    qexpire(d, t);
    bool drop = false;
    if (p->buf > 0) {
        if (p->bufunit == 0) drop = d->qbytes + sz > p->buf;
        else if (p->bufunit == 1) drop = d->qpkts + 1 > p->buf;
        else drop = d->qbytes * 8e9 / p->rate > p->buf;      /* time depth at the sustained rate */
    }
    if (drop) return 0;
    u64 dep;
    if (p->burst > 0) {                                       /* token bucket with optional peak */
        u64 st = d->link_free > t ? d->link_free : t;
        if (!d->tok_t) { d->tok_t = st; d->tok = p->burst; }
        if (st > d->tok_t) { d->tok += (st - d->tok_t) * p->rate / 8e9; if (d->tok > p->burst) d->tok = p->burst; d->tok_t = st; }
        double need = sz - d->tok; u64 start = st;
        if (need > 0) { start = st + (u64)(need * 8e9 / p->rate + 0.5); d->tok += need; d->tok_t = start; }
        d->tok -= sz;
        dep = start + (p->peak > 0 ? (u64)(sz * 8e9 / p->peak + 0.5) : 0);
    } else {
        u64 st = d->link_free > t ? d->link_free : t;
        dep = st + (u64)(sz * 8e9 / p->rate + 0.5);
    }
    d->link_free = dep;
    qadd(d, dep, sz);
    return dep;
}
static void cross(struct dirst *d, int dir, u64 t)
{
    struct prm *p = &d->p;
    if (p->xrate <= 0 || p->rate <= 0) return;
    double mean = p->xsize * 8e9 / p->xrate;
    if (!d->xnext || d->xnext + 10 * NSEC < t) d->xnext = t;
    while (d->xnext <= t) {
        link_send(d, d->xnext, p->xsize);
        d->xnext += (u64)(-mean * log(rnd(dir + 2, d->xn++, 9))) + 1;
    }
}
static void enqueue(int dir, u64 tout, u64 tsched, u64 tarr, const u8 *f, u32 len, u32 recno)
{
    struct pkt *k = palloc();
    if (!k) { if (recno != UINT32_MAX) logm[recno].verdict = V_TXERR; D[dir].cnt[V_TXERR]++; return; }
    memcpy(k->d, f, len); k->len = len; k->dir = dir; k->t_out = tout; k->t_sched = tsched; k->t_arr = tarr; k->recno = recno; k->order = horder++;
    hpush(k);
}
static void arrival(int dir, u64 t, const u8 *f, u32 len, u32 wirelen)
{
    struct dirst *d = &D[dir]; struct prm *p = &d->p; struct rec r = {0};
    if (len < 14) return;
    bool ip = parse(f, len, &r);
    r.dir = dir; r.t_arr = t;
    if (!ip) { r.verdict = V_BYPASS; r.t_sched = t; d->cnt[V_BYPASS]++; enqueue(dir, t, t, t, f, len, logrec(&r)); return; }
    if (wirelen > len) { fprintf(stderr, "pathemu: frame %u > capture %u: disable TSO or raise --mtu\n", wirelen, len); return; }
    if (t < d->last_arr) t = d->last_arr;
    d->last_arr = t;
    u64 n = d->n++; r.seq = n; d->bytes_in += r.iplen;
    cross(d, dir, t); qexpire(d, t); r.qbytes = d->qbytes > UINT32_MAX ? UINT32_MAX : d->qbytes;
    if (p->down) { r.verdict = V_OUTAGE; d->cnt[V_OUTAGE]++; logrec(&r); return; }
    /* loss before the bottleneck (as netem) */
    bool lose = false;
    if (p->ge) {
        double u = rnd(dir, n, 0);
        if (d->ge_bad) { if (u < p->ge_r) d->ge_bad = false; } else if (u < p->ge_p) d->ge_bad = true;
        lose = rnd(dir, n, 1) < (d->ge_bad ? 1 - p->ge_h : 1 - p->ge_k);
    } else if (p->loss > 0) lose = rnd(dir, n, 1) < p->loss;
    if (p->loss_every && (n + 1) % p->loss_every == 0) lose = true;
    if (lose) { r.verdict = V_LOSS; d->cnt[V_LOSS]++; logrec(&r); return; }
    u64 dep = link_send(d, t, r.iplen);
    if (!dep) { r.verdict = V_QDROP; d->cnt[V_QDROP]++; logrec(&r); return; }
    if (p->slot > 0) { u64 sl = (u64)p->slot; dep = (dep + sl - 1) / sl * sl; }
    double dl = p->delay + (p->dist ? jitter_of(p, dir, n) : 0); if (dl < 0) dl = 0;
    u64 out = dep + (u64)dl;
    bool late = p->reorder > 0 && rnd(dir, n, 5) < p->reorder;
    if (late) out += (u64)p->reorder_gap;                     /* held back: overtaken by later packets */
    else if (p->fifo) { if (out < d->last_out) out = d->last_out; d->last_out = out; }
    r.t_sched = out; r.verdict = V_FWD;
    u32 no = logrec(&r); d->cnt[V_FWD]++;
    enqueue(dir, out, out, t, f, len, no);
    if (p->dup > 0 && rnd(dir, n, 2) < p->dup) { r.verdict = V_DUP; d->cnt[V_DUP]++; enqueue(dir, out + 1, out, t, f, len, logrec(&r)); }
}
static u32 drain(int port)
{
    struct port *q = &P[port]; u32 k = 0;
    for (; k < 256; k++) {
        struct tpacket2_hdr *h = (void *)(q->ring + (size_t)q->idx * frame_size);
        if (!(__atomic_load_n(&h->tp_status, __ATOMIC_ACQUIRE) & TP_STATUS_USER)) break;
        struct sockaddr_ll *sll = (void *)((u8 *)h + TPACKET_ALIGN(sizeof *h));
        if (sll->sll_pkttype != PACKET_OUTGOING)
            arrival(port, h->tp_sec * NSEC + h->tp_nsec, (u8 *)h + h->tp_mac, h->tp_snaplen, h->tp_len);
        __atomic_store_n(&h->tp_status, TP_STATUS_KERNEL, __ATOMIC_RELEASE);
        q->idx = (q->idx + 1) % ring_frames;
    }
    return k;
}
static void transmit(struct pkt *k)
{
    struct port *o = &P[!k->dir]; u64 t = now_ns();
    if (k->recno != UINT32_MAX) logm[k->recno].t_sent = t;
    ssize_t r = send(o->tx, k->d, k->len, MSG_DONTWAIT);
    if (r < 0) { D[k->dir].cnt[V_TXERR]++; if (k->recno != UINT32_MAX) logm[k->recno].verdict = V_TXERR; }
    else D[k->dir].bytes_out += k->len - 14;
    u64 l = t > k->t_sched ? t - k->t_sched : 0; int b = 0; while (l >> b && b < 63) b++;
    late_hist[b]++; late_cnt++; late_sum += l; if (l > late_max) late_max = l;
    pfree(k);
}
/* ---- option parsing ----------------------------------------------------- */
static double num(const char *s, char **e) { double v = strtod(s, e); if (*e == s) dief("bad number", s); return v; }
static double ptime_(const char *s) { char *e; double v = num(s, &e); if (!strcmp(e, "us")) return v * 1e3; if (!strcmp(e, "ns")) return v; if (!strcmp(e, "s")) return v * 1e9; if (!*e || !strcmp(e, "ms")) return v * 1e6; dief("bad time", s); return 0; }
static double prate(const char *s) { char *e; double v = num(s, &e); if (!*e) return v; if (!strncmp(e, "k", 1)) return v * 1e3; if (!strncmp(e, "m", 1) || !strncmp(e, "M", 1)) return v * 1e6; if (!strncmp(e, "g", 1) || !strncmp(e, "G", 1)) return v * 1e9; dief("bad rate", s); return 0; }
static double pprob(const char *s) { char *e; double v = num(s, &e); if (*e == '%') return v / 100; if (*e) dief("bad probability", s); return v; }
static void setp(struct prm *p, const char *k, const char *v)
{
    if (!strcmp(k, "delay")) p->delay = ptime_(v);
    else if (!strcmp(k, "jitter")) { p->jitter = ptime_(v); if (!p->dist) p->dist = J_UNIFORM; }
    else if (!strcmp(k, "dist")) p->dist = !strcmp(v, "none") ? J_NONE : !strcmp(v, "uniform") ? J_UNIFORM : !strcmp(v, "normal") ? J_NORMAL : !strcmp(v, "exp") ? J_EXP : !strcmp(v, "pareto") ? J_PARETO : !strcmp(v, "lognormal") ? J_LOGNORMAL : (dief("bad dist", v), 0);
    else if (!strcmp(k, "loss")) p->loss = pprob(v);
    else if (!strcmp(k, "every")) p->loss_every = atoi(v);
    else if (!strcmp(k, "ge")) { /* p:r[:h[:k]]  h = 1-loss in bad, k = 1-loss in good */
        char b[128]; snprintf(b, sizeof b, "%s", v); char *t = strtok(b, ":"); p->ge = true; p->ge_h = 0; p->ge_k = 1; p->ge_p = pprob(t);
        t = strtok(NULL, ":"); if (!t) dief("ge needs p:r", v);
        p->ge_r = pprob(t); if ((t = strtok(NULL, ":"))) p->ge_h = pprob(t); if ((t = strtok(NULL, ":"))) p->ge_k = pprob(t);
    } else if (!strcmp(k, "dup")) p->dup = pprob(v);
    else if (!strcmp(k, "reorder")) { char b[128]; snprintf(b, sizeof b, "%s", v); char *c = strchr(b, ':'); if (c) *c++ = 0; p->reorder = pprob(b); p->reorder_gap = c ? ptime_(c) : 1e6; }
    else if (!strcmp(k, "rate")) p->rate = prate(v);
    else if (!strcmp(k, "peak")) p->peak = prate(v);
    else if (!strcmp(k, "burst")) { char *e; p->burst = num(v, &e); if (*e == 'k') p->burst *= 1e3; if (*e == 'm' || *e == 'M') p->burst *= 1e6; }
    else if (!strcmp(k, "buf")) {
        char *e; double x = num(v, &e); p->bufunit = 0;
        if (!strcmp(e, "ms")) { p->bufunit = 2; x *= 1e6; } else if (!strcmp(e, "us")) { p->bufunit = 2; x *= 1e3; } else if (!strncmp(e, "pkt", 3)) p->bufunit = 1; else if (*e == 'k') x *= 1e3; else if (*e == 'm' || *e == 'M') x *= 1e6; else if (*e) dief("bad buf", v);
        p->buf = x;
    } else if (!strcmp(k, "overhead")) p->overhead = atoi(v);
    else if (!strcmp(k, "xrate")) p->xrate = prate(v);
    else if (!strcmp(k, "xsize")) p->xsize = atoi(v);
    else if (!strcmp(k, "slot")) p->slot = ptime_(v);
    else if (!strcmp(k, "fifo")) p->fifo = atoi(v);
    else if (!strcmp(k, "down")) p->down = atoi(v);
    else dief("unknown parameter", k);
}
static void setall(struct prm *p, const char *spec)
{
    char *s = strdup(spec), *save = NULL;
    for (char *t = strtok_r(s, ",", &save); t; t = strtok_r(NULL, ",", &save)) { char *e = strchr(t, '='); if (!e) dief("need key=value", t); *e = 0; setp(p, t, e + 1); }
    free(s);
}
struct ev { u64 t; int dirmask; char *spec; } evs[4096]; static int nev, evi;
static int evcmp(const void *a, const void *b) { const struct ev *x = a, *y = b; return x->t < y->t ? -1 : x->t > y->t; }
static int dirmask(const char *s) { if (!strcmp(s, "ab")) return 1; if (!strcmp(s, "ba")) return 2; if (!strcmp(s, "both")) return 3; dief("bad direction", s); return 0; }
static void addev(const char *s)
{   /* T:dir:spec */
    char *b = strdup(s), *c1 = strchr(b, ':'); if (!c1) dief("--at needs T:dir:spec", s);
    *c1++ = 0; char *c2 = strchr(c1, ':'); if (!c2) dief("--at needs T:dir:spec", s);
    *c2++ = 0; char *e; double v = num(b, &e); if (!strcmp(e, "ms")) v /= 1e3;
    if (nev == 4096) dief("too many events", s);
    evs[nev++] = (struct ev){(u64)(v * 1e9), dirmask(c1), c2};
}
static void openport(int i, const char *ifn)
{
    struct port *q = &P[i]; int one = 1, v = TPACKET_V2;
    q->rx = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0); if (q->rx < 0) die("AF_PACKET");
    q->ifindex = if_nametoindex(ifn); if (!q->ifindex) dief("no interface", ifn);
    if (setsockopt(q->rx, SOL_PACKET, PACKET_VERSION, &v, sizeof v)) die("PACKET_VERSION");
    setsockopt(q->rx, SOL_SOCKET, SO_TIMESTAMPNS, &one, sizeof one);
    setsockopt(q->rx, SOL_PACKET, PACKET_IGNORE_OUTGOING, &one, sizeof one);
    u32 block = 1 << 20; if (block < frame_size) block = frame_size;
    u32 fpb = block / frame_size; ring_frames = (ring_frames + fpb - 1) / fpb * fpb;
    struct tpacket_req rq = {.tp_block_size = block, .tp_frame_size = frame_size, .tp_frame_nr = ring_frames, .tp_block_nr = ring_frames / fpb};
    if (setsockopt(q->rx, SOL_PACKET, PACKET_RX_RING, &rq, sizeof rq)) die("PACKET_RX_RING");
    q->ring = mmap(NULL, (size_t)ring_frames * frame_size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, q->rx, 0); if (q->ring == MAP_FAILED) die("mmap");
    struct packet_mreq mr = {.mr_ifindex = q->ifindex, .mr_type = PACKET_MR_PROMISC}; setsockopt(q->rx, SOL_PACKET, PACKET_ADD_MEMBERSHIP, &mr, sizeof mr);
    struct sockaddr_ll a = {.sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL), .sll_ifindex = q->ifindex};
    if (bind(q->rx, (void *)&a, sizeof a)) die("bind rx");
    q->tx = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
    setsockopt(q->tx, SOL_PACKET, PACKET_QDISC_BYPASS, &one, sizeof one);
    int sb = 16 << 20; setsockopt(q->tx, SOL_SOCKET, SO_SNDBUFFORCE, &sb, sizeof sb);
    a.sll_protocol = 0; if (bind(q->tx, (void *)&a, sizeof a)) die("bind tx");
}
static void onsig(int s) { if (s == SIGUSR1) dumpstats = 1; else stop = 1; }
static double latepct(double p) { u64 c = 0; for (int i = 0; i < 64; i++) { c += late_hist[i]; if (c >= p * late_cnt) return i ? (double)(1ULL << i) : 0; } return 0; }
static void stats(FILE *f)
{
    struct tpacket_stats st; u64 ringdrop = 0;
    for (int i = 0; i < 2; i++) { socklen_t l = sizeof st; if (!getsockopt(P[i].rx, SOL_PACKET, PACKET_STATISTICS, &st, &l)) ringdrop += st.tp_drops; }
    struct rusage ru; getrusage(RUSAGE_SELF, &ru);
    fprintf(f, "{\"elapsed_s\":%.3f,\"cpu_s\":%.3f,\"seed\":%llu,\"ring_drops\":%llu,\"log_records\":%llu,\"log_lost\":%llu,", (now_ns() - t0) / 1e9, ru.ru_utime.tv_sec + ru.ru_stime.tv_sec + (ru.ru_utime.tv_usec + ru.ru_stime.tv_usec) / 1e6, (unsigned long long)seed, (unsigned long long)ringdrop, (unsigned long long)logn, (unsigned long long)loglost);
    fprintf(f, "\"late_us\":{\"mean\":%.2f,\"p50_le\":%.1f,\"p99_le\":%.1f,\"p999_le\":%.1f,\"max\":%.1f}", late_cnt ? late_sum / late_cnt / 1e3 : 0, latepct(.5) / 1e3, latepct(.99) / 1e3, latepct(.999) / 1e3, late_max / 1e3);
    for (int i = 0; i < 2; i++) {
        fprintf(f, ",\"%s\":{\"packets\":%llu,\"bytes_in\":%llu,\"bytes_out\":%llu,\"max_queue_bytes\":%llu", i ? "ba" : "ab", (unsigned long long)D[i].n, (unsigned long long)D[i].bytes_in, (unsigned long long)D[i].bytes_out, (unsigned long long)D[i].maxq);
        for (int v = 0; v < 7; v++) fprintf(f, ",\"%s\":%llu", vname[v], (unsigned long long)D[i].cnt[v]);
        fprintf(f, "}");
    }
    fprintf(f, "}\n"); fflush(f);
}
static const char usage[] =
"usage: pathemu [options] IF_A IF_B\n"
"  --ab SPEC | --ba SPEC | --both SPEC   parameters of a direction (comma list key=value)\n"
"     delay=10ms jitter=1ms dist=uniform|normal|exp|pareto|lognormal fifo=1|0\n"
"     loss=1%  every=N  ge=p:r[:h[:k]]  dup=0.1%  reorder=1%:5ms  down=0|1\n"
"     rate=10mbit buf=100ms|64k|50pkt burst=BYTES peak=RATE overhead=N\n"
"     slot=5ms   departures only at slot ends (TDMA, LTE TTI, A-MPDU, interrupt coalescing)\n"
"     xrate=5mbit xsize=1500   virtual Poisson cross traffic sharing the bottleneck\n"
"  --at T:DIR:SPEC     change parameters T seconds after the start (repeatable)\n"
"  --seed N            random seed (default 1)\n"
"  --log FILE          per-packet ground truth (64-byte records: struct rec above)\n"
"  --log-max N         records to reserve (default 2000000)\n"
"  --time S            stop after S seconds\n"
"  --spin US | --busy  spin this long before a deadline (default 60) | never sleep\n"
"  --cpu N             pin to a CPU        --rt  SCHED_FIFO priority 50\n"
"  --mtu N             largest IP packet (default 1500)\n"
"  --stats FILE        write JSON statistics at exit (default stderr)\n"
"  --ready FILE        create FILE when forwarding\n";
int main(int argc, char **argv)
{
    static struct option lo[] = {{"ab", 1, 0, 'a'}, {"ba", 1, 0, 'b'}, {"both", 1, 0, 'B'}, {"at", 1, 0, 't'}, {"seed", 1, 0, 's'}, {"log", 1, 0, 'l'}, {"log-max", 1, 0, 'm'}, {"time", 1, 0, 'T'}, {"spin", 1, 0, 'p'}, {"busy", 0, 0, 'u'}, {"cpu", 1, 0, 'c'}, {"rt", 0, 0, 'r'}, {"mtu", 1, 0, 'M'}, {"stats", 1, 0, 'S'}, {"ready", 1, 0, 'R'}, {"help", 0, 0, 'h'}, {0}};
    int c; const char *logf = NULL, *statf = NULL, *ready = NULL; double tmax = 0; int cpu = -1; bool rt = false; logmax = 2000000;
    for (int i = 0; i < 2; i++) { D[i].p.fifo = true; D[i].p.xsize = 1500; }
    while ((c = getopt_long(argc, argv, "h", lo, NULL)) != -1) switch (c) {
        case 'a': setall(&D[0].p, optarg); break;
        case 'b': setall(&D[1].p, optarg); break;
        case 'B': setall(&D[0].p, optarg); setall(&D[1].p, optarg); break;
        case 't': addev(optarg); break;
        case 's': seed = strtoull(optarg, 0, 0); break;
        case 'l': logf = optarg; break;
        case 'm': logmax = strtoull(optarg, 0, 0); break;
        case 'T': tmax = atof(optarg); break;
        case 'p': spin_ns = atof(optarg) * 1e3; break;
        case 'u': busy = true; break;
        case 'c': cpu = atoi(optarg); break;
        case 'r': rt = true; break;
        case 'M': frame_size = 2048; while (frame_size < atoi(optarg) + 14u + 128u) frame_size *= 2; break;
        case 'S': statf = optarg; break;
        case 'R': ready = optarg; break;
        default: fputs(usage, c == 'h' ? stdout : stderr); return c == 'h' ? 0 : 2;
    }
    if (argc - optind != 2) { fputs(usage, stderr); return 2; }
    qsort(evs, nev, sizeof *evs, evcmp);
    if (logf) {
        logfd = open(logf, O_RDWR | O_CREAT | O_TRUNC, 0644); if (logfd < 0) die(logf);
        if (ftruncate(logfd, logmax * sizeof(struct rec))) die("ftruncate");
        logm = mmap(NULL, logmax * sizeof(struct rec), PROT_READ | PROT_WRITE, MAP_SHARED, logfd, 0); if (logm == MAP_FAILED) die("mmap log");
    }
    mlockall(MCL_CURRENT);    /* before the sockets exist: pre-faults the log so no packet waits for it */
    openport(0, argv[optind]); openport(1, argv[optind + 1]);
    prctl(PR_SET_TIMERSLACK, 1);
    if (cpu >= 0) { cpu_set_t s; CPU_ZERO(&s); CPU_SET(cpu, &s); sched_setaffinity(0, sizeof s, &s); }
    if (rt) { struct sched_param sp = {.sched_priority = 50}; if (sched_setscheduler(0, SCHED_FIFO, &sp)) perror("SCHED_FIFO"); }
    else setpriority(PRIO_PROCESS, 0, -20);
    struct sigaction sa = {.sa_handler = onsig}; sigaction(SIGINT, &sa, 0); sigaction(SIGTERM, &sa, 0); sigaction(SIGUSR1, &sa, 0);
    t0 = now_ns(); u64 m0 = mono_ns(), last_sleep = t0;
    if (ready) { int fd = open(ready, O_CREAT | O_WRONLY, 0644); if (fd >= 0) close(fd); }
    struct pollfd pf[2] = {{.fd = P[0].rx, .events = POLLIN}, {.fd = P[1].rx, .events = POLLIN}};
    while (!stop) {
        u32 got = drain(0) + drain(1);
        u64 t = now_ns();
        while (evi < nev && t >= t0 + evs[evi].t) { for (int i = 0; i < 2; i++) if (evs[evi].dirmask >> i & 1) setall(&D[i].p, evs[evi].spec); evi++; }
        int k = 0;
        while (hn && heap[0]->t_out <= t && k++ < 64) { transmit(hpop()); t = now_ns(); }
        if (dumpstats) { dumpstats = 0; stats(stderr); }
        if (tmax > 0 && t > t0 + tmax * 1e9) break;
        if (rt && t - last_sleep > 1000000) {   /* yield 6% so that the kernel's RT throttle (95%) never bites for 50 ms */
            struct timespec ts = {0, 65000}; clock_nanosleep(CLOCK_MONOTONIC, 0, &ts, NULL); last_sleep = now_ns(); continue;
        }
        if (got || k || busy) continue;
        u64 next = hn ? heap[0]->t_out : t + 50000000;
        if (evi < nev && t0 + evs[evi].t < next) next = t0 + evs[evi].t;
        if (next > t + spin_ns) {
            u64 w = next - t - spin_ns; struct timespec ts = {w / NSEC, w % NSEC};
            ppoll(pf, 2, &ts, NULL); last_sleep = now_ns();
        }
    }
    s64 step = (s64)(now_ns() - t0) - (s64)(mono_ns() - m0);
    if (llabs(step) > 1000000) fprintf(stderr, "pathemu: WARNING realtime clock moved %.3f ms against monotonic\n", step / 1e6);
    FILE *f = statf ? fopen(statf, "w") : stderr; stats(f ? f : stderr); if (f && f != stderr) fclose(f);
    if (logfd >= 0) { munmap(logm, logmax * sizeof(struct rec)); if (ftruncate(logfd, logn * sizeof(struct rec))) perror("ftruncate"); close(logfd); }
    return 0;
}
