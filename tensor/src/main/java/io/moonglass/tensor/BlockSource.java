package io.moonglass.tensor;

/// A matrix that is quantised already, in blocks of 32 columns as [PanelMatrix] has them.
public interface BlockSource {

    int numRows();

    int numColumns();

    /// What was added to the numbers that are read.
    int offset();

    /// @param block columns from 32 times this on
    /// @param into  what it held before is gone; numbers and scale must be set
    void read(int row, int block, RowBlock into);
}
