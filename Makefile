# hatcheck. GNU make, one file, everything built goes below build/.
#
#   make            build/hatcheck            make MODE=asan|cov|fuzz   beside it, in build/MODE/
#   make demo       install, build, analyse a shipped capture
#   make check      install what the tests need, build and run them all
#   make bench      the speeds, as ratios     make install DESTDIR= PREFIX=/usr/local
#   V=1 shows the commands; WERROR=1 makes warnings errors, as CI does.

CC      ?= gcc
CFLAGS  ?= -O2 -g
PREFIX  ?= /usr/local
MODE    ?= release
V       ?= 0

ifeq ($(MODE),release)
B := build
else
B := build/$(MODE)
endif
Q := $(if $(filter 1,$(V)),,@)
say = $(if $(filter 1,$(V)),,@printf '  %-5s %s\n' $(1) $(2);)

VERSION := 0.1.0
PKGS    := libpcap json-c zlib libzstd liblzma libxxhash libcrypto libxml-2.0 libseccomp libcap-ng libssl libevent_core
TESTPKGS := criterion

WARN := -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wstrict-prototypes \
        -Wmissing-prototypes -Wvla -Wwrite-strings $(if $(WERROR),-Werror)
MODE_CFLAGS_release :=
MODE_CFLAGS_asan := -O1 -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
MODE_CFLAGS_cov  := -O0 --coverage
MODE_CFLAGS_fuzz := -O1 -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all
ifeq ($(MODE),fuzz)
CC := clang
endif
MODE_FLAGS := $(MODE_CFLAGS_$(MODE))

# What every packet goes through is optimised across files too, for hatcheck itself; all other programs
# take the code that each file has of its own. (Without it the build is a sixth faster, hatcheck a tenth slower.)
ifeq ($(MODE)$(findstring clang,$(shell $(CC) --version 2>/dev/null)),release)
LTO := -flto=auto -ffat-lto-objects
endif
HOT := $(wildcard capture/*/*.c analyzer/engine/*.c analyzer/flow/*.c analyzer/smtp/*.c analyzer/verdict/*.c)

PKG_CFLAGS := $(shell pkg-config --cflags $(PKGS) 2>/dev/null)
PKG_LIBS   := $(shell pkg-config --libs $(PKGS) 2>/dev/null)
TEST_LIBS   = $(shell pkg-config --libs $(TESTPKGS) 2>/dev/null)

ALL_CPPFLAGS := -I. -D_GNU_SOURCE -DHATCHECK_VERSION='"$(VERSION)"' $(CPPFLAGS)
ALL_CFLAGS = -std=c11 $(WARN) $(CFLAGS) $(MODE_FLAGS) $(PKG_CFLAGS)
# Criterion's macros do not survive these two.
TEST_CFLAGS = $(filter-out -Wconversion -Wpedantic,$(ALL_CFLAGS)) -Wno-missing-prototypes

MAINS := analyzer/cli/main.c fixtures/dialog/main.c
SRCS  := $(filter-out $(MAINS),$(sort $(wildcard capture/*/*.c analyzer/*/*.c reports/*.c fixtures/*/*.c)))
OBJS  := $(SRCS:%.c=$(B)/%.o)
LIB   := $(B)/libhatcheck.a
UNITS := $(patsubst tests/unit/%.c,$(B)/tests/unit/%,$(sort $(wildcard tests/unit/test_*.c)))
FUZZERS := $(patsubst tests/fuzz/%.c,$(B)/tests/fuzz/%,$(sort $(wildcard tests/fuzz/fuzz_*.c)))
DEMO  := $(B)/demo.pcap
DEMO_CASE := fixtures/cases/demo
FUZZ_SECONDS ?= 60

.SECONDARY:
.DELETE_ON_ERROR:
.PHONY: all bench check check-run clean cli corpus cut demo demo-run deps dialogc fuzz golden hats install lint logs \
        lab loss respond respond_load scenes uninstall unit-programs units

all: $(B)/hatcheck

$(HOT:%.c=$(B)/%.o): MODE_FLAGS += $(LTO)

$(B)/hatcheck: $(B)/analyzer/cli/main.o $(LIB)
	$(call say,LD,$@)$(CC) $(CFLAGS) $(MODE_FLAGS) $(LTO) $(LDFLAGS) -o $@ $^ $(PKG_LIBS)

dialogc: $(B)/dialogc

$(B)/dialogc: $(B)/fixtures/dialog/main.o $(LIB)
	$(call say,LD,$@)$(CC) $(CFLAGS) $(MODE_FLAGS) -fno-lto $(LDFLAGS) -o $@ $^ $(PKG_LIBS)

$(LIB): $(OBJS)
	$(call say,AR,$@)rm -f $@ && $(AR) rcs $@ $^

$(B)/tests/unit/%.o: tests/unit/%.c
	@mkdir -p $(@D)
	$(call say,CC,$<)$(CC) $(ALL_CPPFLAGS) $(TEST_CFLAGS) -MMD -MP -c -o $@ $<

$(B)/tests/unit/test_%: $(B)/tests/unit/test_%.o $(LIB)
	$(call say,LD,$@)$(CC) $(CFLAGS) $(MODE_FLAGS) -fno-lto $(LDFLAGS) -o $@ $^ $(PKG_LIBS) $(TEST_LIBS)

$(B)/%.o: %.c
	@mkdir -p $(@D)
	$(call say,CC,$<)$(CC) $(ALL_CPPFLAGS) $(ALL_CFLAGS) -MMD -MP -c -o $@ $<

# What the fuzzer calls no header declares.
$(B)/tests/fuzz/%.o: CFLAGS += -Wno-missing-prototypes

$(B)/tests/fuzz/fuzz_%: $(B)/tests/fuzz/fuzz_%.o $(LIB)
	$(call say,LD,$@)$(CC) $(CFLAGS) $(MODE_FLAGS) -fsanitize=fuzzer $(LDFLAGS) -o $@ $^ $(PKG_LIBS)

deps:
	$(Q)tests/deps.sh test

# What pkg-config says is read when make starts: after the installation, make starts anew.
demo:
	$(Q)tests/deps.sh runtime
	$(Q)$(MAKE) --no-print-directory demo-run

$(DEMO): $(DEMO_CASE)/dialog.txt $(B)/dialogc
	$(call say,DLG,$@)$(B)/dialogc -o $@ $<

demo-run: $(B)/hatcheck $(DEMO)
	$(Q)$(B)/hatcheck analyze -v --delayed-reject on --log $(DEMO_CASE)/mail_logs \
	    --hat $(DEMO_CASE)/hat.txt $(DEMO) || [ $$? -eq 1 ] # there are findings to show

check:
	$(Q)tests/deps.sh test
	$(Q)$(MAKE) --no-print-directory check-run

check-run:
	$(Q)tests/check.sh

unit-programs: $(UNITS)

units: $(UNITS)
	$(Q)tests/units.sh $(UNITS)

golden cut loss corpus scenes: $(B)/hatcheck $(B)/dialogc
	$(Q)B=$(B) tests/$@/run

respond respond_load lab: $(B)/hatcheck
	$(Q)python3 tests/lab/$@.py $(B)/hatcheck $(LAB)

cli: $(B)/hatcheck $(B)/dialogc
	$(Q)tests/cli.sh $^

hats: $(B)/hatcheck
	$(Q)tests/hats.sh $(B)/hatcheck

logs: $(B)/hatcheck
	$(Q)tests/logs.sh $(B)/hatcheck

# As root, in network namespaces. HATCHECK_LONG=1: at the real length.
live: $(B)/hatcheck $(B)/dialogc $(DEMO)
	$(Q)B=$(B) tests/lab/live

# Ten minutes at 500 connections a second, or SOAK="SECONDS RATE".
soak: $(B)/hatcheck
	$(Q)B=$(B) tests/lab/soak $(SOAK)

# MODE=fuzz
fuzz: $(FUZZERS)
	$(Q)tests/fuzz.sh $(FUZZ_SECONDS) $(FUZZERS)

$(B)/tests/bench/match: $(B)/tests/bench/match.o $(LIB)
	$(call say,LD,$@)$(CC) $(CFLAGS) $(MODE_FLAGS) -fno-lto $(LDFLAGS) -o $@ $^ $(PKG_LIBS)

bench: $(B)/hatcheck $(B)/tests/bench/match
	$(Q)tests/bench/run $^ $(BENCH)

lint:
	$(Q)tests/lint.sh

BINDIR    := $(DESTDIR)$(PREFIX)/bin
MANDIR    := $(DESTDIR)$(PREFIX)/share/man/man1
SCHEMADIR := $(DESTDIR)$(PREFIX)/share/hatcheck/schema
UNITDIR   := $(DESTDIR)$(PREFIX)/lib/systemd/system
DOCDIR    := $(DESTDIR)$(PREFIX)/share/doc/hatcheck
SERVICE   := analyzer/cli/service

install: $(B)/hatcheck
	$(Q)install -d $(BINDIR) $(MANDIR) $(SCHEMADIR) $(UNITDIR) $(DOCDIR)
	$(call say,CP,$(BINDIR)/hatcheck)install -m 755 $(B)/hatcheck $(BINDIR)/hatcheck
	$(call say,CP,$(MANDIR)/hatcheck.1)install -m 644 reports/hatcheck.1 $(MANDIR)/hatcheck.1
	$(call say,CP,$(SCHEMADIR))install -m 644 reports/schema/*.json $(SCHEMADIR)
	$(call say,CP,$(UNITDIR))sed 's|@BINDIR@|$(PREFIX)/bin|' '$(SERVICE)/hatcheck-live@.service' \
	    >'$(UNITDIR)/hatcheck-live@.service' && chmod 644 '$(UNITDIR)/hatcheck-live@.service'
	$(call say,CP,$(DOCDIR))install -m 644 $(SERVICE)/hatcheck.logrotate $(DOCDIR)/hatcheck.logrotate

uninstall:
	$(Q)rm -f $(BINDIR)/hatcheck $(MANDIR)/hatcheck.1
	$(Q)rm -f '$(UNITDIR)/hatcheck-live@.service'
	$(Q)rm -rf $(DESTDIR)$(PREFIX)/share/hatcheck $(DOCDIR)

clean:
	$(Q)rm -rf build

-include $(shell find $(B) -name '*.d' 2>/dev/null)
