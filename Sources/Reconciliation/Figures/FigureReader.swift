public import Columnar
public import FormEngine
import Schema

/// Puts the rows of a figures file into a store, block by block.
///
/// Nothing is made per row: names are found by their bytes, and rows that follow each other in one sheet find it once.
public struct FigureReader {
    /// Where the file has its columns.
    public struct Places: Sendable {
        public var form: Int
        public var court: Int
        public var period: Int
        public var row: Int
        public var column: Int
        public var value: Int
        /// Nil when the file does not tell own figures apart.
        public var own: Int?

        public init(form: Int, court: Int, period: Int, row: Int, column: Int, value: Int, own: Int?) {
            (self.form, self.court, self.period, self.row, self.column) = (form, court, period, row, column)
            (self.value, self.own) = (value, own)
        }
    }

    /// A row that cannot be read: its place in the block, and what is at fault.
    public struct Fault: Error {
        public enum Part: Sendable {
            /// Form, court, period, row or column is missing.
            case name
            case value, own
        }

        public var row: Int
        public var part: Part
    }

    /// Rows whose figure found no place, by reason, and the line of the first of each.
    public private(set) var misplaced: [FigureTable.Misplacement: (count: Int, line: Int)] = [:]
    private let store: FigureStore
    private let places: Places

    public init(into store: FigureStore, places: Places) {
        self.store = store
        self.places = places
    }

    // The sheet that the last row was of.
    private var form = ShortName.tooLong
    private var court = ShortName.tooLong
    private var period = ShortName.tooLong
    private var row = ShortName.tooLong
    private var formPlace = -1
    private var sheet: FigureSheet?
    private var rowStart = -1

    /// All rows of a block.
    public mutating func append(_ block: CellBlock) throws(Fault) {
        let fault = block.bytes.withUnsafeBufferPointer { bytes in
            block.cells.withUnsafeBufferPointer { cells in
                append(bytes, cells, block)
            }
        }
        if let fault { throw fault }
    }

    private mutating func append(
        _ bytes: UnsafeBufferPointer<UInt8>, _ cells: UnsafeBufferPointer<CellBlock.Cell>, _ block: CellBlock
    ) -> Fault? {
        guard let base = bytes.baseAddress, var cell = cells.baseAddress else { return nil }
        var columns = formPlace >= 0 ? store.columnNames[formPlace].view : store.formNames.view
        let own = places.own ?? -1
        for index in 0..<block.rowCount {
            defer { cell += block.columnCount }
            let (formCell, courtCell, periodCell) = (cell[places.form], cell[places.court], cell[places.period])
            let (rowCell, columnCell) = (cell[places.row], cell[places.column])
            if formCell.isNull || courtCell.isNull || periodCell.isNull || rowCell.isNull || columnCell.isNull {
                return Fault(row: index, part: .name)
            }
            let formName = Self.name(base, formCell)
            let courtName = Self.name(base, courtCell)
            let periodName = Self.name(base, periodCell)
            if formName != form || courtName != court || periodName != period || formName.isTooLong
                || courtName.isTooLong || periodName.isTooLong
            {
                (form, court, period, row) = (formName, courtName, periodName, .tooLong)
                enter(bytes, formCell, courtCell, periodCell)
                if formPlace >= 0 { columns = store.columnNames[formPlace].view }
            }
            guard let sheet else {
                note(.unknownForm, block, index)
                continue
            }
            let rowName = Self.name(base, rowCell)
            if rowName != row || rowName.isTooLong {
                row = rowName
                let found = Self.find(store.rowNames[formPlace], bytes, rowCell, rowName)
                rowStart = found.map { $0 * store.forms[formPlace].columns.count } ?? -1
            }
            guard rowStart >= 0 else {
                note(.unknownRow, block, index)
                continue
            }
            let columnName = Self.name(base, columnCell)
            let column =
                columnName.isTooLong
                ? store.columnNames[formPlace].find(long: UnsafeBufferPointer(rebasing: bytes[columnCell.range]))
                : columns.find(columnName)
            guard let column else {
                note(.unknownColumn, block, index)
                continue
            }
            let place = rowStart &+ column
            var value: Int64 = 0
            var ownValue: Int64 = 0
            guard let code = number(base, cell[places.value], &value) else {
                return Fault(row: index, part: .value)
            }
            var ownCode = CellCode.absent
            if own >= 0 {
                guard let found = number(base, cell[own], &ownValue) else { return Fault(row: index, part: .own) }
                ownCode = found
            }
            if sheet.codes[place] != CellCode.absent || sheet.ownCodes[place] != CellCode.absent {
                let new = FigureTable.Cell(
                    value: store.decode(value, code), own: store.decode(ownValue, ownCode))
                if store.cell(sheet, place) != new { note(.repeated, block, index) }
                continue
            }
            sheet.values[place] = value
            sheet.codes[place] = code
            sheet.owns[place] = ownValue
            sheet.ownCodes[place] = ownCode
        }
        return nil
    }

    private mutating func enter(
        _ bytes: UnsafeBufferPointer<UInt8>, _ formCell: CellBlock.Cell, _ courtCell: CellBlock.Cell,
        _ periodCell: CellBlock.Cell
    ) {
        guard let found = Self.find(store.formNames, bytes, formCell, form) else {
            (formPlace, sheet) = (-1, nil)
            return
        }
        formPlace = found
        let courtNumber =
            Self.find(store.courtNames, bytes, courtCell, court) ?? store.number(ofCourt: Self.text(bytes, courtCell))
        let periodNumber =
            Self.find(store.periodNames, bytes, periodCell, period)
            ?? store.number(ofPeriod: Self.text(bytes, periodCell))
        sheet = store.makeSheet(form: found, period: periodNumber, court: courtNumber)
    }

    private mutating func note(_ misplacement: FigureTable.Misplacement, _ block: CellBlock, _ row: Int) {
        let line = misplaced[misplacement]?.line ?? block.line(ofRow: row)
        misplaced[misplacement] = ((misplaced[misplacement]?.count ?? 0) + 1, line)
    }

    /// 64 bits and a code; nil when the text is no number.
    @inline(__always)
    private func number(
        _ base: UnsafePointer<UInt8>, _ cell: CellBlock.Cell, _ number: inout Int64
    ) -> UInt8? {
        let count = cell.count
        guard count > 0 else { return CellCode.blank }
        guard let code = FigureText.parse(base + Int(cell.start), count: count, &number) else { return nil }
        return code == CellCode.wide ? wide(base, cell, &number) : code
    }

    private func wide(_ base: UnsafePointer<UInt8>, _ cell: CellBlock.Cell, _ number: inout Int64) -> UInt8? {
        let text = String(
            decoding: UnsafeBufferPointer(start: base + Int(cell.start), count: cell.count), as: UTF8.self)
        guard let exact = ExactDecimal(text) else { return nil }
        let (bits, code) = store.encode(.number(exact))
        number = bits
        return code
    }

    // Sound because a block has 64 readable bytes behind its last cell.
    @inline(__always)
    private static func name(_ base: UnsafePointer<UInt8>, _ cell: CellBlock.Cell) -> ShortName {
        ShortName(base + Int(cell.start), count: Int(cell.end &- cell.start))
    }

    private static func find(
        _ names: NameIndex, _ bytes: UnsafeBufferPointer<UInt8>, _ cell: CellBlock.Cell, _ name: ShortName
    ) -> Int? {
        name.isTooLong
            ? names.find(long: UnsafeBufferPointer(rebasing: bytes[cell.range])) : names.view.find(name)
    }

    private static func text(_ bytes: UnsafeBufferPointer<UInt8>, _ cell: CellBlock.Cell) -> String {
        String(decoding: bytes[cell.range], as: UTF8.self)
    }
}
