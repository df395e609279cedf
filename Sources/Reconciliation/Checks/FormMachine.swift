import FormEngine
import RuleLanguage

/// Executes the instructions of one program for up to `capacity` instances at once, in exact integers of one width.
///
/// A register of amounts has a word and a state for each lane, and one number of decimals for all. What does not fit in
/// the word makes the lane an error: the 64-bit machine leaves such instances to one of 128 bits that has a single lane,
/// where an error is one. The least value of a word counts as one that does not fit, so that every number has a
/// magnitude. Nothing is allocated while it runs.
final class FormMachine<Word: FixedWidthInteger & SignedInteger> {
    typealias Words = UnsafeMutablePointer<Word>
    typealias Bytes = UnsafeMutablePointer<UInt8>

    let program: FormProgram
    let capacity: Int
    /// Lanes for which the check read a cell that must not be absent.
    let missed: Bytes
    private let words: Words
    private let states: Bytes
    private let scales: UnsafeMutablePointer<Int>
    private let truths: Bytes
    private let truthCount: Int
    /// For each lane 0 when the left operand is less, 1 when both are equal, 2 when it is greater.
    private let orders: Bytes
    /// For each lane whether the left operand is taken.
    private let takesLeft: Bytes
    private let amountCount: Int
    private var scratchCourts: [Int] = []
    private var count = 0

    /// Three registers more than the program has: two for operands in other decimals, one for what is added.
    init(_ program: FormProgram, capacity: Int) {
        self.program = program
        self.capacity = capacity
        amountCount = program.amountCount + 3
        truthCount = program.truthCount
        words = .allocate(capacity: amountCount * capacity)
        words.initialize(repeating: 0, count: amountCount * capacity)
        states = .allocate(capacity: amountCount * capacity)
        states.initialize(repeating: 0, count: amountCount * capacity)
        scales = .allocate(capacity: amountCount)
        scales.initialize(repeating: 0, count: amountCount)
        truths = .allocate(capacity: max(truthCount, 1) * capacity)
        truths.initialize(repeating: 0, count: max(truthCount, 1) * capacity)
        missed = .allocate(capacity: capacity)
        missed.initialize(repeating: 0, count: capacity)
        orders = .allocate(capacity: capacity)
        orders.initialize(repeating: 0, count: capacity)
        takesLeft = .allocate(capacity: capacity)
        takesLeft.initialize(repeating: 0, count: capacity)
        scratchCourts.reserveCapacity(capacity)
    }

    deinit {
        words.deallocate()
        states.deallocate()
        scales.deallocate()
        truths.deallocate()
        missed.deallocate()
        orders.deallocate()
        takesLeft.deallocate()
    }

    /// Runs `when` and `check` for the lanes of a scene.
    func run(_ scene: FormScene) {
        count = scene.laneCount
        for instruction in program.when { execute(instruction, scene) }
        missed.update(repeating: 0, count: count)
        for instruction in program.check { execute(instruction, scene) }
    }

    /// The outcome of `when A check B`, (not A) or B, in a lane.
    @inline(__always)
    func outcome(_ lane: Int) -> UInt8 {
        var check = truths[program.checkTruth * capacity + lane]
        if missed[lane] != 0 { check = FormTruth.isFalse.rawValue }
        guard let when = program.whenTruth else { return check }
        return FormTruth.or(FormTruth.not(truths[when * capacity + lane]), check)
    }

    /// Whether the rule applies in a lane.
    @inline(__always)
    func applies(_ lane: Int) -> UInt8 {
        guard let when = program.whenTruth else { return FormTruth.isTrue.rawValue }
        return truths[when * capacity + lane]
    }

    /// A register's number in a lane; nil for null. `isError` tells the two apart.
    func number(_ register: Int, _ lane: Int) -> ExactDecimal? {
        guard states[register * capacity + lane] == LaneState.number else { return nil }
        return exact(words[register * capacity + lane], scale: scales[register])
    }

    func isError(_ register: Int, _ lane: Int) -> Bool { states[register * capacity + lane] == LaneState.error }

    private func exact(_ word: Word, scale: Int) -> ExactDecimal {
        ExactDecimal(unscaled: Int128(truncatingIfNeeded: word), scale: scale)
    }

    private func execute(_ instruction: FormProgram.Instruction, _ scene: FormScene) {
        switch instruction {
        case .number(let index, let target): fill(target, program.numbers[index])
        case .null(let target):
            scales[target] = 0
            state(target).update(repeating: LaneState.null, count: count)
        case .cell(let cell, let target): read(cell, scene, into: target)
        case .addCell(let cell, let target):
            read(cell, scene, into: addend)
            add(target, addend, into: target, isDifference: false)
        case .below(let cell, let own, let target): readBelow(cell, scene, own: own, into: target)
        case .belowCount(let own, let target): countBelow(scene, own: own, into: target)
        case .add(let left, let right, let target): add(left, right, into: target, isDifference: false)
        case .subtract(let left, let right, let target): add(left, right, into: target, isDifference: true)
        case .multiply(let left, let right, let target): multiply(left, right, into: target)
        case .absolute(let inner, let target): absolute(inner, into: target)
        case .round(let inner, let digits, let target): round(inner, digits: digits, into: target)
        case .divide(let left, let right, let digits, let target): divide(left, right, digits: digits, into: target)
        case .least(let left, let right, let target): chooseBetter(left, right, into: target, better: 0)
        case .greatest(let left, let right, let target): chooseBetter(left, right, into: target, better: 2)
        case .coalesce(let left, let right, let target):
            let first = state(left)
            for lane in 0..<count { takesLeft[lane] = first[lane] != LaneState.null ? 1 : 0 }
            merge(left, right, into: target)
        case .choose(let condition, let then, let otherwise, let target):
            choose(condition, then, otherwise, into: target)
        case .truth(let truth, let target): self.truth(target).update(repeating: truth.rawValue, count: count)
        case .compare(let comparison, let left, let right, let target):
            compare(comparison, left, right, into: target)
        case .isNull(let inner, let target):
            let (states, out) = (state(inner), truth(target))
            for lane in 0..<count {
                let state = states[lane]
                out[lane] =
                    state == LaneState.error
                    ? FormTruth.isError.rawValue
                    : state == LaneState.null ? FormTruth.isTrue.rawValue : FormTruth.isFalse.rawValue
            }
        case .not(let inner, let target):
            let (from, out) = (truth(inner), truth(target))
            for lane in 0..<count { out[lane] = FormTruth.not(from[lane]) }
        case .and(let left, let right, let target):
            let (left, right, out) = (truth(left), truth(right), truth(target))
            for lane in 0..<count { out[lane] = min(left[lane], right[lane]) }
        case .or(let left, let right, let target):
            let (left, right, out) = (truth(left), truth(right), truth(target))
            for lane in 0..<count { out[lane] = FormTruth.or(left[lane], right[lane]) }
        case .chooseTruth(let condition, let then, let otherwise, let target):
            let (when, then, otherwise, out) = (truth(condition), truth(then), truth(otherwise), truth(target))
            for lane in 0..<count {
                out[lane] =
                    when[lane] == FormTruth.isTrue.rawValue
                    ? then[lane]
                    : when[lane] == FormTruth.isError.rawValue ? FormTruth.isError.rawValue : otherwise[lane]
            }
        }
    }

    // MARK: Registers

    private func word(_ register: Int) -> Words { words + register * capacity }
    private func state(_ register: Int) -> Bytes { states + register * capacity }
    private func truth(_ register: Int) -> Bytes { truths + register * capacity }
    private var addend: Int { amountCount - 3 }

    private func fill(_ target: Int, _ number: ExactDecimal) {
        let narrow = Word(exactly: number.unscaled)
        scales[target] = number.scale
        word(target).update(repeating: narrow ?? 0, count: count)
        state(target).update(repeating: narrow == nil ? LaneState.error : LaneState.number, count: count)
    }

    /// The register with more decimals: itself, or a copy whose lanes that no longer fit are errors.
    private func raised(_ register: Int, to scale: Int, scratch: Int) -> (Words, Bytes) {
        guard scales[register] < scale else { return (word(register), state(register)) }
        let (from, fromState) = (word(register), state(register))
        let (out, outState) = (word(amountCount - 1 - scratch), state(amountCount - 1 - scratch))
        let power = Self.power(scale - scales[register])
        for lane in 0..<count {
            let (product, overflow) = from[lane].multipliedReportingOverflow(by: power ?? 0)
            let isLost = overflow || power == nil && from[lane] != 0
            out[lane] = product
            outState[lane] = isLost && fromState[lane] == LaneState.number ? LaneState.error : fromState[lane]
        }
        return (out, outState)
    }

    /// 10 to this power; nil when it does not fit.
    private static func power(_ exponent: Int) -> Word? { Word(exactly: powersOfTen[exponent]) }

    // MARK: Cells

    private func read(_ cell: Int, _ scene: FormScene, into target: Int) {
        read(program.cells[cell], scene, scene.courts, own: scene.usesOwn, into: target)
    }

    /// - Parameter courts: for each place of the scene's courts, whose figures are read: a court without any when it is
    ///   `withoutFigures`, none (the number 0) when it is `nobody`.
    private func read(
        _ cell: FormProgram.CellRead, _ scene: FormScene, _ courts: ArraySlice<Int>, own: Bool, into target: Int
    ) {
        let (out, codes) = (word(target), state(target))
        scales[target] = 0
        let width = scene.bindings.count
        let period: Int
        switch scene.periods.place(cell.period) {
        case .unknown:
            codes.update(repeating: LaneState.null, count: count)
            return
        case .absent: period = -1
        case .number(let number): period = number
        }
        var odd: UInt8 = 0
        var lane = 0
        cell.offsets.withUnsafeBufferPointer { offsets in
            guard let first = offsets.baseAddress.map({ $0 + scene.bindings.lowerBound }) else { return }
            for court in courts {
                defer { lane += width }
                if court == Self.nobody {
                    (out + lane).update(repeating: 0, count: width)
                    (codes + lane).update(repeating: CellCode.integer, count: width)
                    continue
                }
                let sheet =
                    court >= 0 && period >= 0 ? scene.store.sheet(form: cell.form, period: period, court: court) : nil
                guard let sheet else {
                    (out + lane).update(repeating: 0, count: width)
                    (codes + lane).update(repeating: CellCode.absent, count: width)
                    odd = 1
                    continue
                }
                let values = own ? sheet.owns : sheet.values
                let found = own ? sheet.ownCodes : sheet.codes
                if cell.isContiguous {
                    odd |= Self.copy(
                        values + Int(first[0]), found + Int(first[0]), count: width, to: out + lane, codes + lane)
                } else {
                    odd |= Self.gather(values, found, first, count: width, to: out + lane, codes + lane)
                }
            }
        }
        if odd == 0 {
            codes.update(repeating: LaneState.number, count: count)
        } else {
            settle(target, scene.store)
        }
    }

    private static var nobody: Int { -2 }

    /// Both copy words and codes, and return 0 when all of them are integers.
    private static func copy(
        _ values: UnsafeMutablePointer<Int64>, _ found: Bytes, count: Int, to out: Words, _ codes: Bytes
    ) -> UInt8 {
        var odd: UInt8 = 0
        for lane in 0..<count { out[lane] = Word(truncatingIfNeeded: values[lane]) }
        for lane in 0..<count {
            codes[lane] = found[lane]
            odd |= found[lane] ^ CellCode.integer
        }
        return odd
    }

    private static func gather(
        _ values: UnsafeMutablePointer<Int64>, _ found: Bytes, _ offsets: UnsafePointer<Int32>, count: Int,
        to out: Words, _ codes: Bytes
    ) -> UInt8 {
        var odd: UInt8 = 0
        for lane in 0..<count {
            let place = Int(offsets[lane])
            out[lane] = Word(truncatingIfNeeded: values[place])
            codes[lane] = found[place]
            odd |= found[place] ^ CellCode.integer
        }
        return odd
    }

    /// Turns codes of cells into states by the rule's policies, and words into ones of the same decimals.
    private func settle(_ target: Int, _ store: FigureStore) {
        let (out, codes) = (word(target), state(target))
        var scale = 0
        for lane in 0..<count where codes[lane] > CellCode.integer {
            scale = max(scale, Int(codes[lane] - CellCode.integer))
        }
        for lane in 0..<count {
            switch codes[lane] {
            case CellCode.absent:
                if program.absent == .fail { missed[lane] = 1 }
                codes[lane] = program.absent == .zero ? LaneState.number : LaneState.null
            case CellCode.blank:
                codes[lane] = program.blank == .zero ? LaneState.number : LaneState.null
            case CellCode.wide:
                let number = store.wides[Int(out[lane])]
                // A wide number comes out of the machine of one lane alone, in its own decimals.
                guard capacity == 1, let wide = Word(exactly: number.unscaled) else {
                    codes[lane] = LaneState.error
                    continue
                }
                (out[lane], scale, codes[lane]) = (wide, number.scale, LaneState.number)
            case let code:
                codes[lane] = LaneState.number
                let missing = scale - Int(code - CellCode.integer)
                guard missing > 0 else { continue }
                let (product, overflow) = out[lane].multipliedReportingOverflow(by: Self.power(missing) ?? 0)
                let isLost = overflow || Self.power(missing) == nil && out[lane] != 0
                out[lane] = product
                if isLost { codes[lane] = LaneState.error }
            }
        }
        scales[target] = scale
    }

    // MARK: Courts below

    private func readBelow(_ index: Int, _ scene: FormScene, own: Bool, into target: Int) {
        let cell = program.cells[index]
        if own {
            read(cell, scene, scene.courts, own: true, into: target)
        } else {
            fill(target, .zero)
        }
        let most = scene.courts.reduce(0) { max($0, scene.children[$1].count) }
        for place in 0..<most {
            scratchCourts.removeAll(keepingCapacity: true)
            for court in scene.courts {
                let children = scene.children[court]
                scratchCourts.append(place < children.count ? children[place] : Self.nobody)
            }
            read(cell, scene, scratchCourts[...], own: false, into: addend)
            add(target, addend, into: target, isDifference: false)
        }
    }

    private func countBelow(_ scene: FormScene, own: Bool, into target: Int) {
        scales[target] = 0
        state(target).update(repeating: LaneState.number, count: count)
        let out = word(target)
        var lane = 0
        for court in scene.courts {
            let below = Word(scene.children[court].count + (own ? 1 : 0))
            (out + lane).update(repeating: below, count: scene.bindings.count)
            lane += scene.bindings.count
        }
    }

    // MARK: Arithmetic

    private func add(_ left: Int, _ right: Int, into target: Int, isDifference: Bool) {
        let first = min(state(left)[0], state(right)[0])
        if capacity == 1, first != LaneState.number {
            // A number that would not fit beside a null is no error.
            (scales[target], state(target)[0]) = (0, first)
            return
        }
        let scale = max(scales[left], scales[right])
        let (leftWords, leftStates) = raised(left, to: scale, scratch: 0)
        let (rightWords, rightStates) = raised(right, to: scale, scratch: 1)
        scales[target] = scale
        if isDifference {
            Self.subtract(leftWords, leftStates, rightWords, rightStates, count, to: word(target), state(target))
        } else {
            Self.add(leftWords, leftStates, rightWords, rightStates, count, to: word(target), state(target))
        }
    }

    private static func add(
        _ left: Words, _ leftStates: Bytes, _ right: Words, _ rightStates: Bytes, _ count: Int, to out: Words,
        _ states: Bytes
    ) {
        for lane in 0..<count {
            let state = min(leftStates[lane], rightStates[lane])
            let (a, b) = (left[lane], right[lane])
            let sum = a &+ b
            // Overflow: both operands have the sign that the sum has not.
            let overflow = (a ^ sum) & (b ^ sum) < 0 || sum == .min
            out[lane] = sum
            states[lane] = overflow && state == LaneState.number ? LaneState.error : state
        }
    }

    private static func subtract(
        _ left: Words, _ leftStates: Bytes, _ right: Words, _ rightStates: Bytes, _ count: Int, to out: Words,
        _ states: Bytes
    ) {
        for lane in 0..<count {
            let state = min(leftStates[lane], rightStates[lane])
            let (a, b) = (left[lane], right[lane])
            let difference = a &- b
            // Overflow: the operands have different signs, and the difference not that of the first.
            let overflow = (a ^ b) & (a ^ difference) < 0 || difference == .min
            out[lane] = difference
            states[lane] = overflow && state == LaneState.number ? LaneState.error : state
        }
    }

    private func multiply(_ left: Int, _ right: Int, into target: Int) {
        let scale = scales[left] + scales[right]
        // One lane has its own decimals: zeros at the end of a fraction are left out, so that nothing is too long for them.
        guard capacity > 1 else { return eachExactly(left, right, into: target, scale: nil, Self.product) }
        let (a, b, leftStates, rightStates) = (word(left), word(right), state(left), state(right))
        let (out, states) = (word(target), state(target))
        scales[target] = min(scale, 38)
        for lane in 0..<count {
            let state = min(leftStates[lane], rightStates[lane])
            let (product, overflow) = a[lane].multipliedReportingOverflow(by: b[lane])
            let isLost = overflow || scale > 38 || product == .min
            out[lane] = product
            states[lane] = isLost && state == LaneState.number ? LaneState.error : state
        }
    }

    private static func product(_ left: ExactDecimal, _ right: ExactDecimal) -> ExactDecimal?? {
        do { return .some(try left.multiplied(by: right)) } catch { return nil }
    }

    private func divide(_ left: Int, _ right: Int, digits: Int, into target: Int) {
        eachExactly(left, right, into: target, scale: digits) { dividend, divisor in
            do { return .some(try dividend.divided(by: divisor, scale: digits)) } catch { return nil }
        }
    }

    /// Lane by lane in 128 bits, for what is rare: nil is an error, a number that is nil is null.
    ///
    /// - Parameter scale: of all results; nil when there is one lane, whose own decimals it has.
    private func eachExactly(
        _ left: Int, _ right: Int, into target: Int, scale: Int?,
        _ operation: (ExactDecimal, ExactDecimal) -> ExactDecimal??
    ) {
        let (a, b, leftStates, rightStates) = (word(left), word(right), state(left), state(right))
        let (leftScale, rightScale) = (scales[left], scales[right])
        let (out, states) = (word(target), state(target))
        scales[target] = scale ?? 0
        for lane in 0..<count {
            let state = min(leftStates[lane], rightStates[lane])
            states[lane] = state
            guard state == LaneState.number else { continue }
            guard let result = operation(exact(a[lane], scale: leftScale), exact(b[lane], scale: rightScale)) else {
                states[lane] = LaneState.error
                continue
            }
            guard let number = result else {
                states[lane] = LaneState.null
                continue
            }
            guard let narrow = Word(exactly: number.unscaled), narrow != .min else {
                states[lane] = LaneState.error
                continue
            }
            out[lane] = narrow
            scales[target] = number.scale
        }
    }

    private func absolute(_ inner: Int, into target: Int) {
        let (from, fromStates, out, states) = (word(inner), state(inner), word(target), state(target))
        scales[target] = scales[inner]
        for lane in 0..<count {
            let value = from[lane]
            out[lane] = value < 0 ? 0 &- value : value
            states[lane] = fromStates[lane]
        }
    }

    private func round(_ inner: Int, digits: Int, into target: Int) {
        let (from, fromStates, out, states) = (word(inner), state(inner), word(target), state(target))
        let (scale, newScale) = (scales[inner], min(scales[inner], digits))
        scales[target] = newScale
        for lane in 0..<count {
            states[lane] = fromStates[lane]
            if newScale == scale {
                out[lane] = from[lane]
            } else {
                let rounded = exact(from[lane], scale: scale).rounded(scale: newScale)
                out[lane] = Word(truncatingIfNeeded: rounded.unscaled)
            }
        }
    }

    // MARK: Choosing

    /// The lesser or the greater of two; null when one is.
    private func chooseBetter(_ left: Int, _ right: Int, into target: Int, better: UInt8) {
        let (leftStates, rightStates) = (state(left), state(right))
        order(left, right)
        // Where one is no number its state is taken, an error before a null; of equal ones the left.
        let isWorse = 2 - better
        for lane in 0..<count {
            let (a, b) = (leftStates[lane], rightStates[lane])
            takesLeft[lane] = (a == b ? orders[lane] != isWorse : a < b) ? 1 : 0
        }
        merge(left, right, into: target)
    }

    private func choose(_ condition: Int, _ then: Int, _ otherwise: Int, into target: Int) {
        let when = truth(condition)
        for lane in 0..<count { takesLeft[lane] = when[lane] == FormTruth.isTrue.rawValue ? 1 : 0 }
        merge(then, otherwise, into: target)
        let states = state(target)
        for lane in 0..<count where when[lane] == FormTruth.isError.rawValue { states[lane] = LaneState.error }
    }

    /// In each lane one of two registers.
    private func merge(_ left: Int, _ right: Int, into target: Int) {
        if capacity == 1 {
            // The one lane keeps its own decimals.
            let chosen = takesLeft[0] == 1 ? left : right
            (word(target)[0], state(target)[0], scales[target]) = (word(chosen)[0], state(chosen)[0], scales[chosen])
            return
        }
        let scale = max(scales[left], scales[right])
        let (leftWords, leftStates) = raised(left, to: scale, scratch: 0)
        let (rightWords, rightStates) = raised(right, to: scale, scratch: 1)
        let (out, states) = (word(target), state(target))
        for lane in 0..<count {
            let isLeft = takesLeft[lane] == 1
            out[lane] = isLeft ? leftWords[lane] : rightWords[lane]
            states[lane] = isLeft ? leftStates[lane] : rightStates[lane]
        }
        scales[target] = scale
    }

    // MARK: Comparison

    private func compare(_ comparison: Comparison, _ left: Int, _ right: Int, into target: Int) {
        let out = truth(target)
        // Bit 0: holds when less; 1: when equal; 2: when greater.
        let holds: UInt8 =
            switch comparison {
            case .less: 0b001
            case .lessOrEqual: 0b011
            case .equal: 0b010
            case .greaterOrEqual: 0b110
            case .greater: 0b100
            case .notEqual: 0b101
            }
        order(left, right)
        let (leftStates, rightStates) = (state(left), state(right))
        for lane in 0..<count {
            let state = min(leftStates[lane], rightStates[lane])
            // An error (0) and a null (1) are the truths 1 and 2.
            out[lane] = state == LaneState.number ? (holds >> orders[lane] & 1) * 3 : state + 1
        }
    }

    /// Fills `orders`, exactly: a number that does not fit when it is given more decimals is the larger in magnitude.
    private func order(_ left: Int, _ right: Int) {
        let (a, b) = (word(left), word(right))
        if scales[left] == scales[right] {
            for lane in 0..<count { orders[lane] = (a[lane] >= b[lane] ? 1 : 0) + (a[lane] > b[lane] ? 1 : 0) }
        } else if scales[left] < scales[right] {
            Self.order(a, b, count, Self.power(scales[right] - scales[left]), to: orders)
        } else {
            Self.order(b, a, count, Self.power(scales[left] - scales[right]), to: orders)
            for lane in 0..<count { orders[lane] = 2 - orders[lane] }
        }
    }

    /// The order of `coarse` × `power` and `fine`; a power that is nil does not fit in a word.
    private static func order(_ coarse: Words, _ fine: Words, _ count: Int, _ power: Word?, to orders: Bytes) {
        for lane in 0..<count {
            let (value, other) = (coarse[lane], fine[lane])
            let (product, overflow) = value.multipliedReportingOverflow(by: power ?? 0)
            if overflow || power == nil && value != 0 {
                orders[lane] = value < 0 ? 0 : 2
            } else {
                orders[lane] = (product >= other ? 1 : 0) + (product > other ? 1 : 0)
            }
        }
    }
}

/// 10 to the powers 0 to 38.
private let powersOfTen: [Int128] = (1...38).reduce(into: [1]) { powers, place in
    powers.append(powers[place - 1] * 10)
}
