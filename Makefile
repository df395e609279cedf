# What a developer or a new user types. `make` alone explains itself.
# The work is done by the scripts beside it, so that it can be read and tried one by one.

SHELL := /bin/bash
.DEFAULT_GOAL := help
.PHONY: help deps deps-test demo test test-all prove conformance fuzz mutants lint format bench bench-forms bench-compute bench-load bench-rows bench-peers bench-copy bench-postgres docs clean

SWIFT_SOURCES := Package.swift Sources Tests
DEMO_ARGUMENTS ?=

help: ## this list · 本说明
	@echo 'sitong (司统) - judicial statistics · 司法统计'
	@echo
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | awk -F '\t' '{printf "  make %-10s %s\n", $$1, $$2}'

deps: ## install what is missing to build and run (apt) · 安装编译与运行所缺的软件包
	@scripts/deps.sh

deps-test: ## also what the tests need · 另装测试所需的软件包
	@scripts/deps.sh --tests

demo: deps ## build, then invent a small province and run the month over it · 编译并在虚构的小省上运行月度统计
	@scripts/release.sh sitong
	.build/release/sitong demo $(DEMO_ARGUMENTS)

test: deps-test ## all tests, on a real PostgreSQL, SQLite and sshd · 全部测试（真实的 PostgreSQL、SQLite、sshd）
	@scripts/test.sh

test-all: lint ## lint, then all tests with the long ones at full length · 先检查格式，再以完整长度运行全部测试
	@SITONG_TEST_LONG=1 $(MAKE) --no-print-directory test

conformance: ## conformance cases against any executable: make conformance BIN=… · 用一致性用例检验任一程序
	@if [ -z "$(BIN)" ]; then swift build --product sitong; fi
	@scripts/conformance.py "$(or $(BIN),.build/debug/sitong)" $(if $(BIN),,--pending Tests/Conformance/pending.txt)

fuzz: ## fuzz the readers: make fuzz SECONDS=600 · 模糊测试各读取器
	swift build --product Fuzz
	@scripts/fuzz.sh .build/debug/Fuzz $(or $(SECONDS),20) $(SEED)

mutants: ## plant one-line faults and see the tests catch them · 植入单行错误，检验测试能否发现
	@scripts/mutants.py $(MUTANTS)

prove: deps-test ## engines against the reference: make prove SECONDS=180 SEED=… POSTGRES=1 · 引擎与参照解释器逐一核对
	@scripts/release.sh Prove
	@.build/release/Prove SECONDS='$(SECONDS)' SEED='$(SEED)' POSTGRES='$(POSTGRES)'

lint: ## check the style without changing anything · 检查代码风格，不作改动
	swift format lint --strict --recursive --parallel $(SWIFT_SOURCES)

format: ## rewrite the sources in the project's style · 按项目风格重排源码
	swift format --in-place --recursive --parallel $(SWIFT_SOURCES)

N := 2000000
PAIRS := 5
ONLY := all,rows
bench: deps ## workload W1 beside DuckDB and Polars; N=2000000 PAIRS=5 ONLY=rows TENFOLD=1 PROFILE=1 · 与 DuckDB、Polars 对比
	@scripts/bench.sh --rows $(N) --pairs $(PAIRS) --groups $(ONLY) \
	    $(if $(TENFOLD),--tenfold) $(if $(PROFILE),--profile)

PERIODS := 12
bench-forms: deps ## W1's 64 report rules beside DuckDB and Polars; PERIODS=12 PAIRS=5 · 报表规则与 DuckDB、Polars 对比
	@scripts/bench.sh forms --periods $(PERIODS) --pairs $(PAIRS)

bench-compute: deps ## all report forms from CSV and from a library; ROWS=2000000 PAIRS=3 ONLY=csv · 计算全部报表：从 CSV 与 DuckDB 对比，从标准库与预聚合 SQL 对比
	@ROWS='$(or $(ROWS),2000000)' PAIRS='$(PAIRS)' ONLY='$(filter csv library,$(ONLY))' scripts/bench-forms-compute.sh

bench-postgres: deps ## rules inside PostgreSQL against counting alone: W1=folder ROWS=n · 库内质检与单纯计数的比较
	@scripts/release.sh sitong
	scripts/bench-postgres.sh "$(W1)" $(ROWS)

CONNECT := dbname=postgres
QUERY := SELECT n, n::numeric(18,2) / 7 AS v, md5(n::text) AS t, date '2000-01-01' + n % 9999 AS d FROM generate_series(1, 500000) n
bench-copy: deps ## reading from PostgreSQL, as text and as binary: CONNECT=... QUERY=... · 从 PostgreSQL 读取：文本与二进制方式对比
	@scripts/release.sh Bench
	.build/release/Bench '$(CONNECT)' "$(QUERY)" $(PAIRS)

bench-rows: deps ## rows of two clusters compared against bare scans: ROWS=1000000 PAIRS=5 · 两库逐行比对同单纯扫描的比较
	@scripts/release.sh sitong
	scripts/bench-rows.py --rows $(or $(ROWS),1000000) --pairs $(PAIRS)

bench-load: deps ## extract and load against psql, zstd and \copy: ROWS=1000000 PAIRS=5 · 抽取与入库同裸工具的比较
	@scripts/release.sh sitong
	scripts/bench-load.py --rows $(or $(ROWS),1000000) --pairs $(PAIRS)

bench-peers: ## install the programs that we are measured beside · 安装用作对照的程序
	@scripts/bench-peers.sh

docs: ## write the generated pages of docs/ · 生成 docs/ 中的自动文档
	@scripts/fault-points.sh > docs/fault-points.md.new && mv docs/fault-points.md.new docs/fault-points.md
	@echo 'wrote docs/fault-points.md · 已生成 docs/fault-points.md'

clean: ## remove what was built · 删除编译产物
	swift package clean
