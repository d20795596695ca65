/* The kernel's path of an approved or declined tap in plain C, over the same tables: the yardstick of the kernel.
 *
 * Everything that a contactless purchase passes: the same checks in the same order, rules and limits interpreted from
 * the same instruction rows, meters read and kept, and an approval entered, held, traced and learned from. What other
 * messages do (completions, reversals, advices) is not here; neither is noting what each check saw. The records come
 * from tables.h, which the program that runs this writes from the kernel's own layouts, and the order of the checks
 * from order.h, which it writes from the kernel's own table.
 */
#include <stdint.h>
#include <string.h>

#include "tables.h"

#define RUN 128
#define UNKNOWN INT64_MIN
#define HOUR_US 3600000000LL
#define DAY_US (24 * HOUR_US)
#define SECOND_US 1000000LL
#define ATTRIBUTES_MAX 128

typedef struct {
    struct account *accounts;
    struct card *cards;
    struct token *tokens;
    struct transaction *transactions;
    int32_t *token_slots;
    int32_t *trace_slots;
    uint64_t *seen;
    struct activity *activities;
    struct cell *cells;
    struct activity *segments;
    int64_t *counters;
    int32_t *expiring;
    int64_t *matches;
    struct category *categories;
    struct filter *filters;
    struct meter *meters;
    int32_t *cell_of;
    int32_t *cells_of_scope;
    struct limit *limits;
    struct rule *rules;
    struct instruction *instructions;
    int32_t *set_starts;
    int64_t *set_values;
    int32_t *derived;
    int64_t *numbers;
    int64_t *today;
    int64_t token_slots_length, trace_slots_length, seen_length, derived_length, month;
} tables;

typedef struct {
    int64_t token_row, card_row, activity_row, segment, cells[5];
} subjects;

static inline int64_t scrambled(uint64_t key) {
    uint64_t mixed = ((key & 0xFFFFFFFFu) * 0x9E3779B1u) ^ ((key >> 32) * 0x85EBCA77u);
    mixed ^= mixed >> 29;
    mixed = ((mixed & 0xFFFFFFFFu) * 0xC2B2AE3Du) ^ ((mixed >> 32) * 0x27D4EB2Fu);
    mixed ^= mixed >> 32;
    return (int64_t)(mixed >> 2);
}

static inline int64_t first_slot(int64_t length, uint64_t key) { return (scrambled(key) >> 31) * length >> 31; }

#define AUTHORIZATION 1
#define TOO_EARLY 8
#define MASK_62 ((1ULL << 62) - 1)

static inline uint64_t trace_key(const struct command *c) {
    uint64_t mixed = (uint64_t)scrambled(c->token_pan) ^ c->token_id;
    mixed = (uint64_t)scrambled(mixed) ^ c->acquirer;
    mixed = (uint64_t)scrambled(mixed) ^ ((uint64_t)c->stan << 32 | c->transmitted | (uint64_t)AUTHORIZATION << 56);
    return (uint64_t)scrambled(mixed) & MASK_62;
}

static uint64_t key_with(uint64_t key, const char *text, size_t length) {
    for (size_t i = 0; i < length && text[i]; i++) key = (uint64_t)scrambled(key ^ (uint8_t)text[i]);
    return (uint64_t)scrambled(key) & MASK_62;
}

static inline uint64_t seen_key(int64_t account_row, uint64_t kind, uint64_t value) {
    uint64_t mixed = (uint64_t)scrambled((uint64_t)account_row | kind << 56) ^ value;
    return (uint64_t)scrambled(mixed) | 1ULL << 62;
}

static int64_t find_token(const tables *t, uint64_t pan) {
    int64_t at = first_slot(t->token_slots_length, pan);
    while (t->token_slots[at]) {
        int64_t row = t->token_slots[at] - 1;
        if (t->tokens[row].token_pan == pan) return row;
        if (++at == t->token_slots_length) at = 0;
    }
    return -1;
}

static int64_t find_trace(const tables *t, uint64_t key, int64_t token_row, const struct command *c) {
    int64_t at = first_slot(t->trace_slots_length, key);
    while (t->trace_slots[at]) {
        int64_t row = t->trace_slots[at] - 1;
        const struct transaction *e = &t->transactions[row];
        if (e->trace_key == key && e->token_row == token_row && e->acquirer == c->acquirer && e->stan == c->stan &&
            e->transmitted == c->transmitted && e->message_class == AUTHORIZATION)
            return row;
        if (++at == t->trace_slots_length) at = 0;
    }
    return -1;
}

#define SAME(field) (!memcmp(t->transactions[row].field, c->field, sizeof c->field))

static int64_t find_of_terminal(const tables *t, uint64_t key, int64_t first, int64_t token_row,
                                const struct command *c) {
    int64_t row = first;
    if (!(t->transactions[row].flags & TOO_EARLY) && SAME(terminal)) return row;
    if (!t->transactions[first].last_of_trace) return -1;
    row = find_trace(t, key_with(key ^ 1, c->terminal, sizeof c->terminal), token_row, c);
    return row >= 0 && SAME(terminal) ? row : -1;
}

static uint64_t key_of_both(uint64_t key, const struct command *c) {
    key = key_with(key ^ 1, c->terminal, sizeof c->terminal);
    return key_with(key, c->retrieval_reference, sizeof c->retrieval_reference);
}

static int64_t find_same(const tables *t, uint64_t key, int64_t first, int64_t token_row, const struct command *c) {
    int64_t row = find_of_terminal(t, key, first, token_row, c);
    if (row < 0 || SAME(retrieval_reference)) return row;
    if (!t->transactions[first].last_of_trace) return -1;
    row = find_trace(t, key_of_both(key, c), token_row, c);
    return row >= 0 && SAME(terminal) && SAME(retrieval_reference) ? row : -1;
}

static int has_used(const tables *t, uint64_t key) {
    int64_t mask = t->seen_length - 1, at = scrambled(key) & mask;
    for (; t->seen[at]; at = (at + 1) & mask)
        if (t->seen[at] == key) return 1;
    return 0;
}

static void note_use(tables *t, uint64_t key) {
    int64_t mask = t->seen_length - 1, at = scrambled(key) & mask;
    for (; t->seen[at]; at = (at + 1) & mask)
        if (t->seen[at] == key) return;
    t->seen[at] = key;
    t->counters[COUNTER_SEEN]++;
}

static int in_set(const tables *t, int64_t number, int64_t value) {
    int64_t low = t->set_starts[number], high = t->set_starts[number + 1], end = high;
    while (low < high) {
        int64_t middle = (low + high) / 2;
        if (t->set_values[middle] < value) low = middle + 1; else high = middle;
    }
    return low < end && t->set_values[low] == value;
}

static inline int is_about(const tables *t, int64_t number, int64_t segment) {
    int64_t segments = t->filters[number].segments;
    return segments < 0 || in_set(t, segments, segment);
}

#define PASSES(t, number, e, its_currency) passes(t, number, (e)->channel, (e)->operation, \
    (e)->cardholder_verification, (e)->merchant_category, (e)->country, (e)->merchant_key, its_currency)

static inline int passes(const tables *t, int64_t number, int64_t channel, int64_t operation, int64_t verification,
                         int64_t category, int64_t country, uint64_t merchant, int64_t currency) {
    const struct filter *f = &t->filters[number];
    if (f->is_open) return 1;
    if (!(f->channels >> channel & 1) || !(f->operations >> (operation & 31) & 1)) return 0;
    if (!(f->verifications >> verification & 1) || (f->currency && f->currency != currency)) return 0;
    if (!(f->groups >> t->categories[category].group & 1)) return 0;
    if (f->categories >= 0 && !in_set(t, f->categories, category)) return 0;
    if (f->countries >= 0 && !in_set(t, f->countries, country)) return 0;
    return f->merchants < 0 || in_set(t, f->merchants, (int64_t)merchant);
}

static inline int counts(const struct transaction *e, int64_t outcome) {
    if (e->message_class != 1 && e->message_class != 2) return 0;
    if (e->flags & 8) return 0;
    if (outcome == 1) return e->reason > LAST_APPROVAL && e->reason != REASON_AWAITING_ISSUER;
    if (e->reason > LAST_APPROVAL || e->flags & 1) return 0;
    return !e->original && e->operation != 20 && e->billing_minor;
}

static inline int concerns(const tables *t, const struct meter *m, int64_t row, int64_t subject) {
    const struct transaction *e = &t->transactions[row];
    if (m->scope == 4 && e->token_row != subject) return 0;
    if (m->scope == 3 && t->tokens[e->token_row].card_row != subject) return 0;
    if (!counts(e, m->outcome)) return 0;
    return PASSES(t, m->filter, e, t->accounts[e->account_row].currency);
}

static inline int64_t following(const tables *t, int64_t row, int64_t scope) {
    return scope == 1 ? t->transactions[row].next_of_segment : t->transactions[row].next_of_account;
}

static void read_meter(tables *t, int64_t number, const subjects *s, int64_t time_us, int64_t *count, int64_t *amount) {
    const struct meter *m = &t->meters[number];
    if (!is_about(t, m->filter, s->segment)) {
        *count = *amount = 0;
        return;
    }
    struct cell *cell = &t->cells[t->cell_of[number] + s->cells[m->scope]];
    int64_t subject = m->scope == 3 ? s->card_row : s->token_row;
    const struct activity *listed = m->scope == 1 ? &t->segments[s->segment] : &t->activities[s->activity_row];
    int64_t at = cell->head ? following(t, cell->head - 1, m->scope) : listed->first;
    while (at) {
        if (concerns(t, m, at - 1, subject)) {
            cell->count++;
            cell->amount += t->transactions[at - 1].billing_minor;
        }
        cell->head = (int32_t)at;
        at = following(t, at - 1, m->scope);
    }
    int64_t start = m->length_us ? time_us - m->length_us + 1 : t->today[4 + m->period];
    int64_t left = m->period == 6 ? t->tokens[s->token_row].verified : 0;
    at = cell->tail ? following(t, cell->tail - 1, m->scope) : listed->first;
    while (at && (at <= left || t->transactions[at - 1].time_us < start)) {
        if (concerns(t, m, at - 1, subject)) {
            cell->count--;
            cell->amount -= t->transactions[at - 1].billing_minor;
        }
        cell->tail = (int32_t)at;
        at = following(t, at - 1, m->scope);
    }
    *count = cell->count;
    *amount = cell->amount;
}

static int64_t activity_of(tables *t, int64_t account_row) {
    struct account *a = &t->accounts[account_row];
    if (!a->activity) a->activity = (int32_t)++t->counters[COUNTER_ACTIVITIES];
    return a->activity - 1;
}

static int64_t new_cells(tables *t, int scope) {
    int64_t first = t->counters[COUNTER_CELLS], count = t->cells_of_scope[scope];
    t->counters[COUNTER_CELLS] += count;
    memset(&t->cells[first], 0, (size_t)count * sizeof(struct cell));
    return first;
}

#define CELLS_OF(t, holder, scope) \
    (!(t)->cells_of_scope[scope] ? -1 : (int64_t)(holder)->cells_version == (t)->numbers[0] ? (holder)->cells : \
     ((holder)->cells_version = (uint32_t)(t)->numbers[0], (holder)->cells = (int32_t)new_cells(t, scope)))

static int64_t whole(double number) {
    return (int64_t)(number > 1e15 ? 1e15 : number < -1e15 ? -1e15 : number);
}

static double square_root(double value) { return __builtin_sqrt(value); }

static void fill_values(tables *t, const struct command *c, const subjects *s, int64_t account_row, int64_t *v) {
    const struct token *token = &t->tokens[s->token_row];
    const struct account *account = &t->accounts[account_row];
    int64_t time_us = c->time_us, group = t->categories[c->merchant_category].group, needed = t->numbers[4];
    int64_t local = time_us + t->today[3];
    v[0] = c->amount_minor; v[1] = c->currency; v[2] = c->operation; v[3] = (int64_t)c->merchant_key;
    v[4] = c->merchant_category; v[5] = group ? group : UNKNOWN; v[6] = c->country ? c->country : UNKNOWN;
    v[7] = c->channel; v[8] = c->entry_mode / 10; v[9] = c->cardholder_verification;
    v[10] = (int64_t)token->token_requestor; v[11] = account->segment;
    v[12] = time_us / SECOND_US - token->token_created; v[13] = time_us / SECOND_US - token->device_created;
    v[14] = token->device_risk ? token->device_risk : UNKNOWN;
    v[15] = local % DAY_US / HOUR_US; v[16] = (local / DAY_US + 3) % 7 + 1;
    v[25] = account->limit_minor - account->posted_minor - account->held_minor; v[26] = 0;
    v[27] = c->flags >> 2 & 1; v[28] = c->operation == 1 ? c->amount_minor : c->cash_minor;
    const struct activity *a = &t->activities[s->activity_row];
    double amount = (double)c->amount_minor;
    v[17] = a->last_us ? (time_us - a->last_us) / SECOND_US : UNKNOWN;
    v[22] = a->consecutive_declines;
    if (needed >> 20 & 1) {
        double spread = a->count > 1 ? square_root(a->squares / (double)(a->count - 1)) : 0.0;
        v[20] = spread > 0.0 ? whole((amount - a->mean) / spread * 100) : UNKNOWN;
    }
    if (needed >> 21 & 1) v[21] = a->mean > 0.0 ? whole(amount / a->mean * 100) : UNKNOWN;
    if (needed >> 23 & 1) v[23] = !has_used(t, seen_key(account_row, 1, c->merchant_key));
    if (needed >> 24 & 1) v[24] = !has_used(t, seen_key(account_row, 2, c->country));
    v[18] = v[19] = UNKNOWN; /* the benchmark's taps have no position */
    for (int64_t i = 0; i < t->derived_length; i++) {
        int64_t meter = t->derived[2 * i + 1], count, total;
        read_meter(t, meter >= 0 ? meter : -1 - meter, s, time_us, &count, &total);
        v[t->derived[2 * i]] = meter >= 0 ? count : total;
    }
}

static int holds(const tables *t, int64_t at, const int64_t *values) {
    while (at >= 0) {
        const struct instruction *i = &t->instructions[at];
        int64_t seen = values[i->attribute];
        int is_true;
        if (i->operator_ == 4) is_true = seen == UNKNOWN;
        else if (seen == UNKNOWN) is_true = 0;
        else if (i->operator_ == 0) is_true = seen == i->value;
        else if (i->operator_ == 1) is_true = seen < i->value;
        else if (i->operator_ == 2) is_true = seen <= i->value;
        else is_true = in_set(t, i->value, seen);
        at = is_true ? i->if_true : i->if_false;
    }
    return at == -1;
}

static int64_t ask_rules(tables *t, const int64_t *values, struct result *r) {
    int64_t reason = 0;
    int is_settled = 0;
    for (int64_t n = 0; n < t->numbers[2]; n++) {
        const struct rule *rule = &t->rules[n];
        if ((rule->is_live && is_settled) || rule->scope) continue; /* the benchmark's rules are the program's */
        if (!holds(t, rule->first, values)) continue;
        t->matches[n]++;
        if (!rule->is_live) continue;
        if (rule->action == 1) r->is_flagged = 1;
        else if (rule->action == 5) r->is_asked = 1;
        else { is_settled = 1; reason = rule->reason; }
    }
    return reason;
}

static int64_t exceeded_limit(tables *t, const struct command *c, const subjects *s, int64_t currency) {
    for (int64_t n = 0; n < t->numbers[1]; n++) {
        const struct limit *limit = &t->limits[n];
        if (!is_about(t, limit->filter, s->segment) || !PASSES(t, limit->filter, c, currency)) continue;
        int64_t count = 1, amount = c->amount_minor, counted, summed;
        if (limit->meter >= 0) {
            read_meter(t, limit->meter, s, c->time_us, &counted, &summed);
            count += counted;
            amount += summed;
        }
        if (limit->count_max >= 0 && count > limit->count_max) return limit->reason;
        if (limit->amount_max >= 0 && amount > limit->amount_max) return limit->reason;
    }
    return 0;
}

/* One tap, and the rows it concerns: what `MessageContext` is to the kernel. */
typedef struct {
    tables *t;
    const struct command *c;
    struct result *r;
    struct token *token;
    struct account *account;
    int64_t *values;
    int64_t token_row, same_row;
} tap;

#define NO_LIMIT -1

/* The checks, one function each, named as in `authz/kernel/checks/order.py`; their order comes from there. */
#define CHECK(name) static inline int64_t check_##name(const tap *m)

CHECK(token) { return m->token_row < 0 ? REASON_TOKEN_NOT_FOUND : 0; }

CHECK(operation) {
    int64_t operation = m->c->operation;
    int is_served = operation == 0 || operation == 1 || operation == 9 || operation == 20 || operation == 31;
    return is_served ? 0 : REASON_OPERATION_NOT_SUPPORTED;
}

CHECK(channel) { return m->token->channels >> m->c->channel & 1 ? 0 : REASON_CHANNEL_NOT_ALLOWED; }

CHECK(merchant) {
    uint64_t wanted = m->token->is_restricted ? m->token->merchant_key : 0;
    return wanted && wanted != m->c->merchant_key ? REASON_MERCHANT_NOT_ALLOWED : 0;
}

CHECK(cryptogram) {
    if (m->c->cryptogram_outcome == 0) return REASON_MISSING_CRYPTOGRAM;
    int is_right = m->c->cryptogram_outcome == 1 && m->c->cryptogram_version == m->token->cryptogram_version &&
                   m->c->key_index == m->token->key_index;
    return is_right ? 0 : REASON_INVALID_CRYPTOGRAM;
}

CHECK(entry_mode) { return m->c->flags & (2048 | 4096) ? REASON_WRONG_ENTRY_MODE : 0; }

CHECK(signed_operation) { return m->c->flags & 8192 ? REASON_CRYPTOGRAM_DATA_MISMATCH : 0; }

CHECK(signed_amount) {
    return m->c->amount_minor != m->c->signed_amount_minor ? REASON_CRYPTOGRAM_DATA_MISMATCH : 0;
}

CHECK(signed_currency) { return m->c->currency != m->c->signed_currency ? REASON_CRYPTOGRAM_DATA_MISMATCH : 0; }

CHECK(signed_circumstances) {
    if (m->c->flags & 32768) return REASON_SIGNED_CASH_MISMATCH;
    if (m->c->flags & 65536) return REASON_SIGNED_DATE_MISMATCH;
    if (m->c->flags & 131072) return REASON_SIGNED_COUNTRY_MISMATCH;
    return m->c->flags & 262144 ? REASON_TRANSMISSION_TIME_MISMATCH : 0;
}

CHECK(duplicate) { return m->same_row >= 0 ? REASON_DUPLICATE_TRANSMISSION : 0; }

CHECK(transaction_counter) {
    int64_t ahead = (int64_t)m->c->atc - m->token->atc_highest;
    if (-ahead >= 64 || (ahead <= 0 && m->token->atc_window >> -ahead & 1)) return REASON_REPLAYED_CRYPTOGRAM;
    return ahead > 1000 ? REASON_TRANSACTION_COUNTER_JUMP : 0;
}

static inline void use_transaction_counter(const tap *m) {
    int64_t ahead = (int64_t)m->c->atc - m->token->atc_highest;
    if (ahead > 0) {
        m->token->atc_window = (ahead < 64 ? m->token->atc_window << ahead : 0) | 1;
        m->token->atc_highest = m->c->atc;
    } else {
        m->token->atc_window |= 1ULL << -ahead;
    }
}

/* The benchmark's phones hold card keys, so that there is nothing to use up. */
CHECK(limited_use_key) { return m->token->limited_use_key ? REASON_LIMITED_USE_KEY_EXPIRED : 0; }

CHECK(token_state) {
    if (m->token->state == 1) return 0;
    return m->token->state == 2 ? REASON_TOKEN_SUSPENDED : REASON_TOKEN_INACTIVE;
}

CHECK(token_expiry) { return m->t->month > m->token->expiry ? REASON_TOKEN_EXPIRED : 0; }

CHECK(expiration_date) { return m->c->expiry != m->token->expiry ? REASON_EXPIRATION_MISMATCH : 0; }

CHECK(card_state) { return m->t->cards[m->token->card_row].state ? REASON_CARD_FROZEN : 0; }

/* The benchmark's accounts have no product, and so no books. */
CHECK(account_standing) { return m->account->billing ? REASON_PAYMENT_OVERDUE : 0; }

CHECK(pin) { return m->c->flags & (512 | 1024) ? REASON_PIN_MISMATCH : 0; }

CHECK(cardholder_verification) {
    int64_t operation = m->c->operation, verification = m->c->cardholder_verification;
    int64_t wanted = operation == 1 ? m->t->numbers[9] : operation == 9 ? m->t->numbers[10] : 0;
    return wanted && verification != 1 && !(wanted == 1 && verification == 3) ? REASON_PIN_REQUIRED : 0;
}

CHECK(currency) { return m->c->currency != m->account->currency ? REASON_CURRENCY_NOT_SUPPORTED : 0; }

CHECK(amount) { return m->c->amount_minor < 0 ? REASON_INVALID_AMOUNT : 0; }

CHECK(transaction_limit) {
    int64_t limit = m->account->transaction_limit_minor;
    return limit != NO_LIMIT && m->c->amount_minor > limit ? REASON_EXCEEDS_LIMIT : 0;
}

CHECK(limits_and_rules) {
    tables *t = m->t;
    const struct token *token = m->token;
    subjects s = {m->token_row, token->card_row, activity_of(t, token->account_row), m->account->segment, {-1, 0, 0, 0, 0}};
    s.cells[4] = CELLS_OF(t, m->token, 4);
    s.cells[3] = CELLS_OF(t, &t->cards[s.card_row], 3);
    s.cells[2] = CELLS_OF(t, &t->activities[s.activity_row], 2);
    s.cells[1] = CELLS_OF(t, &t->segments[s.segment], 1);
    int64_t reason = m->c->amount_minor > 0 ? exceeded_limit(t, m->c, &s, m->account->currency) : 0;
    if (reason || !t->numbers[2]) return reason;
    fill_values(t, m->c, &s, token->account_row, m->values);
    return ask_rules(t, m->values, m->r);
}

CHECK(available_credit) {
    const struct account *account = m->account;
    int64_t available = account->limit_minor - account->posted_minor - account->held_minor;
    return m->c->amount_minor > available ? REASON_INSUFFICIENT_FUNDS : 0;
}

CHECK(cash_limit) { return m->account->product ? REASON_EXCEEDS_LIMIT : 0; }

#include "order.h"

static void enter_trace(tables *t, struct transaction *e, const struct command *c, int64_t row, uint64_t key,
                        int64_t first_row) {
    e->stan = c->stan; e->transmitted = c->transmitted;
    if (first_row >= 0) {
        if (find_of_terminal(t, key, first_row, e->token_row, c) >= 0) key = key_of_both(key, c);
        else key = key_with(key ^ 1, c->terminal, sizeof c->terminal);
        t->transactions[first_row].last_of_trace = (int32_t)(row + 1);
    }
    e->trace_key = key;
    int64_t at = first_slot(t->trace_slots_length, key);
    while (t->trace_slots[at]) if (++at == t->trace_slots_length) at = 0;
    t->trace_slots[at] = (int32_t)(row + 1);
}

static void enter(tables *t, const struct command *c, struct result *r, int64_t token_row, uint64_t key,
                  int64_t first_row, int is_traced, int64_t reason) {
    struct token *token = &t->tokens[token_row];
    struct account *account = &t->accounts[token->account_row];
    int64_t row = t->counters[COUNTER_TRANSACTIONS]++;
    struct transaction *e = &t->transactions[row];
    e->sequence = t->counters[COUNTER_SEQUENCE];
    e->time_us = c->time_us; e->amount_minor = c->amount_minor; e->acquirer = c->acquirer;
    memcpy(e->terminal, c->terminal, sizeof e->terminal);
    memcpy(e->retrieval_reference, c->retrieval_reference, sizeof e->retrieval_reference);
    e->merchant_key = c->merchant_key; e->channel = c->channel; e->token_row = (int32_t)token_row;
    e->account_row = token->account_row; e->merchant_category = c->merchant_category; e->country = c->country;
    e->currency = c->currency; e->message_class = 1; e->segment = (uint8_t)account->segment; e->operation = c->operation;
    e->cardholder_verification = c->cardholder_verification;
    struct activity *a = &t->activities[activity_of(t, token->account_row)];
    if (!a->last) a->first = (int32_t)(row + 1);
    else t->transactions[a->last - 1].next_of_account = (int32_t)(row + 1);
    a->last = (int32_t)(row + 1);
    struct activity *segment = &t->segments[account->segment];
    if (!segment->last) segment->first = (int32_t)(row + 1);
    else t->transactions[segment->last - 1].next_of_segment = (int32_t)(row + 1);
    segment->last = (int32_t)(row + 1);
    if (is_traced) enter_trace(t, e, c, row, key, first_row);
    else e->trace_key = (uint64_t)row | 1ULL << 63;
    e->reason = (uint16_t)reason;
    if (reason > LAST_APPROVAL) {
        /* Only a tap whose cryptogram was new counts against its account. */
        if (is_traced && reason != REASON_REPLAYED_CRYPTOGRAM && reason != REASON_TRANSACTION_COUNTER_JUMP)
            a->consecutive_declines++;
        return;
    }
    int64_t amount = c->amount_minor;
    e->approved_minor = e->current_minor = e->billing_minor = amount;
    r->approved_minor = r->billing_minor = amount;
    if (!amount) return;
    a->consecutive_declines = 0;
    a->last_us = c->time_us;
    double difference = (double)amount - a->mean;
    a->count++;
    a->mean += difference / (double)a->count;
    a->squares += difference * ((double)amount - a->mean);
    note_use(t, seen_key(token->account_row, 1, c->merchant_key));
    note_use(t, seen_key(token->account_row, 2, c->country));
    a->present_us = c->time_us; a->latitude = c->latitude; a->longitude = c->longitude;
    if (c->cardholder_verification) token->verified = row + 1;
    e->held_minor = amount;
    account->held_minor += amount;
    e->expires_hour = (uint32_t)(c->time_us / HOUR_US + t->categories[c->merchant_category].hold_hours);
    e->next_to_expire = t->expiring[e->expires_hour % 1024];
    t->expiring[e->expires_hour % 1024] = (int32_t)(row + 1);
}

static int64_t decide_one(tables *t, const struct command *c, struct result *r, int64_t *values) {
    tap m = {t, c, r, 0, 0, values, find_token(t, c->token_pan), -1};
    if (m.token_row < 0) return identify_for_issuer(&m);
    struct token *token = m.token = &t->tokens[m.token_row];
    struct account *account = m.account = &t->accounts[token->account_row];
    uint64_t key = trace_key(c);
    int64_t first_row = find_trace(t, key, m.token_row, c), held = account->held_minor;
    m.same_row = first_row < 0 ? -1 : find_same(t, key, first_row, m.token_row, c);
    memcpy(r->payment_account_reference, token->payment_account_reference, sizeof r->payment_account_reference);
    int64_t reason = identify_for_issuer(&m);
    int is_traced = !reason && m.same_row < 0;
    if (!reason) reason = decide_for_issuer(&m);
    if (reason != REASON_DUPLICATE_TRANSMISSION) enter(t, c, r, m.token_row, key, first_row, is_traced, reason);
    r->account_id = account->account_id;
    r->available_minor = account->limit_minor - account->posted_minor - account->held_minor;
    r->posted_minor = account->posted_minor;
    r->held_change_minor = account->held_minor - held;
    r->billing_currency = account->currency;
    return reason;
}

#define ASK(pointer) __builtin_prefetch((const char *)(pointer), 0, 3)

static void look_ahead(tables *t, const struct command *c, int64_t count) {
    int64_t rows[RUN], activity_rows[RUN];
    for (int64_t i = 0; i < count; i++) {
        ASK(&t->token_slots[first_slot(t->token_slots_length, c[i].token_pan)]);
        ASK(&t->trace_slots[first_slot(t->trace_slots_length, trace_key(&c[i]))]);
    }
    for (int64_t i = 0; i < count; i++) {
        int64_t row = t->token_slots[first_slot(t->token_slots_length, c[i].token_pan)] - 1;
        if (row >= 0) { ASK(&t->tokens[row]); ASK((char *)&t->tokens[row] + 64); }
    }
    for (int64_t i = 0; i < count; i++) {
        rows[i] = find_token(t, c[i].token_pan);
        if (rows[i] < 0) continue;
        const struct token *token = &t->tokens[rows[i]];
        ASK(&t->accounts[token->account_row]);
        ASK((char *)&t->accounts[token->account_row] + sizeof(struct account) - 1);
        ASK(&t->cards[token->card_row]);
        ASK(&t->cells[token->cells]);
        ASK(&t->seen[scrambled(seen_key(token->account_row, 1, c[i].merchant_key)) & (t->seen_length - 1)]);
        ASK(&t->seen[scrambled(seen_key(token->account_row, 2, c[i].country)) & (t->seen_length - 1)]);
    }
    for (int64_t i = 0; i < count; i++) {
        if (rows[i] < 0) continue;
        activity_rows[i] = (int64_t)t->accounts[t->tokens[rows[i]].account_row].activity - 1;
        if (activity_rows[i] >= 0) ASK(&t->activities[activity_rows[i]]);
    }
    for (int64_t i = 0; i < count; i++) {
        if (rows[i] < 0 || activity_rows[i] < 0) continue;
        const struct activity *a = &t->activities[activity_rows[i]];
        ASK(&t->cells[a->cells]);
        ASK(&t->cells[a->cells + 2]);
        if (a->last) { ASK(&t->transactions[a->last - 1]); ASK((char *)&t->transactions[a->last - 1] + 63); }
    }
}

/* Decide on taps in order. Returns nothing; results are filled. */
void decide(tables *t, const struct command *commands, struct result *results, int64_t count) {
    int64_t values[ATTRIBUTES_MAX];
    for (int64_t i = 0; i < count; i++) {
        if (i % RUN == 0) look_ahead(t, commands + i, count - i < RUN ? count - i : RUN);
        struct result *r = &results[i];
        t->counters[COUNTER_SEQUENCE]++;
        t->counters[COUNTER_TIME_US] = commands[i].time_us;
        r->sequence = t->counters[COUNTER_SEQUENCE];
        r->program_version = (uint32_t)t->numbers[0];
        r->reason = (uint16_t)decide_one(t, &commands[i], r, values);
        r->approval_code = (uint32_t)((r->sequence * 741457 + 123457) % 1000000);
    }
}
